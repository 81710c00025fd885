/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The system bus policy that is shipped, on a bus that denies as a system bus does.
 */
#include "tests/common/bus-pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char config[] =
	"<busconfig>\n"
	"  <type>session</type>\n"
	"  <listen>unix:path=@DIR@/bus</listen>\n"
	"  <auth>EXTERNAL</auth>\n"
	"  <policy context=\"default\">\n"
	"    <allow user=\"*\"/>\n"
	"    <deny own=\"*\"/>\n"
	"    <deny send_type=\"method_call\"/>\n"
	"    <allow send_type=\"signal\"/>\n"
	"    <allow send_requested_reply=\"true\" send_type=\"method_return\"/>\n"
	"    <allow send_requested_reply=\"true\" send_type=\"error\"/>\n"
	"    <allow receive_type=\"method_call\"/>\n"
	"    <allow receive_type=\"method_return\"/>\n"
	"    <allow receive_type=\"error\"/>\n"
	"    <allow receive_type=\"signal\"/>\n"
	"    <allow send_destination=\"org.freedesktop.DBus\"/>\n"
	"  </policy>\n"
	"  <include>" POLICY_FILE "</include>\n"
	"</busconfig>\n";

static int setup(void **state)
{
	return bus_pair_start(state, config);
}

struct owned {
	bool told;
	bool owned;
};

static void on_owned(void *data, const char *name, bool owned)
{
	*(struct owned *)data = (struct owned){ .told = true, .owned = owned };
}

static bool may_own(struct bus_pair *pair, const char *name)
{
	struct owned owned = { 0 };

	assert_int_equal(bus_request_name(pair->server.bus, name, on_owned, &owned), 0);
	assert_true(loop_until_set(pair->loop, &owned.told));
	return owned.owned;
}

static bool may_call(struct bus_pair *pair, const char *destination, const char *path,
		     const char *interface, const char *member)
{
	struct bus_answer answer;
	bool denied;

	bus_pair_call(pair, bus_message(destination, path, interface, member, DBUS_TYPE_INVALID),
		      &answer);
	denied = strcmp(answer.error, DBUS_ERROR_ACCESS_DENIED) == 0;
	bus_answer_done(&answer);
	return !denied;
}

static void test_the_audio_service_may_be_owned_and_called(void **state)
{
	struct bus_pair *pair = *state;

	assert_true(may_own(pair, "org.hsphfpd"));
	assert_false(may_own(pair, "org.bluez"));
	assert_true(may_call(pair, "org.hsphfpd", "/", "org.freedesktop.DBus.ObjectManager",
			     "GetManagedObjects"));
	assert_true(may_call(pair, "org.hsphfpd", "/x", "org.hsphfpd.Endpoint", "ConnectAudio"));
}

static void test_the_audio_service_may_call_its_agents_and_nobody_else(void **state)
{
	struct bus_pair *pair = *state;
	const char *agent = bus_unique_name(pair->server.bus);

	assert_true(may_call(pair, agent, "/x", "org.hsphfpd.AudioAgent", "NewConnection"));
	assert_true(may_call(pair, agent, "/Profile/hsphfpd/manager",
			     "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"));
	assert_false(may_call(pair, agent, "/", "org.freedesktop.DBus.ObjectManager",
			      "GetManagedObjects"));
	assert_false(may_call(pair, agent, "/x", DBUS_INTERFACE_PROPERTIES, "GetAll"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_audio_service_may_be_owned_and_called,
						setup, bus_pair_teardown),
		cmocka_unit_test_setup_teardown(
			test_the_audio_service_may_call_its_agents_and_nobody_else, setup,
			bus_pair_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
