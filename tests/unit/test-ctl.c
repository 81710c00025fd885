/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * callroutectl as a process of its own, with the API over a stand-in for the engine on a private bus.
 */
#include "api-client.h"

#include <errno.h>
#include <fcntl.h>
#include <pipewire/loop.h>
#include <pipewire/pipewire.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGUMENTS 16

struct stream {
	struct run *run;
	struct spa_source *source;
	char text[16384];
	size_t n;
	bool closed;
};

struct run {
	struct pw_loop *loop;
	pid_t pid;
	int in; /* our end of its standard input, or -1 */
	struct stream out;
	struct stream err;
};

/* ---- a process ------------------------------------------------------------------------------- */

static void on_output(void *data, int fd, uint32_t mask)
{
	struct stream *stream = data;
	ssize_t n = read(fd, stream->text + stream->n, sizeof(stream->text) - 1 - stream->n);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		pw_loop_destroy_source(stream->run->loop, stream->source);
		stream->source = NULL;
		stream->closed = true;
		return;
	}
	stream->n += (size_t)n;
	stream->text[stream->n] = '\0';
}

static void open_stream(struct run *run, struct stream *stream, int fd)
{
	stream->run = run;
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	stream->source =
		pw_loop_add_io(run->loop, fd, SPA_IO_IN | SPA_IO_HUP, true, on_output, stream);
	assert_non_null(stream->source);
}

static void start_program(struct fixture *f, struct run *run, const char *program,
			  const char *const *arguments)
{
	const char *argv[MAX_ARGUMENTS + 2] = { program };
	posix_spawn_file_actions_t actions;
	char address[256];
	char *env[] = { address, NULL, NULL };
	int in[2], out[2], err[2];
	size_t n = 1;

	*run = (struct run){ .loop = f->loop };
	for (; *arguments; arguments++) {
		assert_true(n <= MAX_ARGUMENTS);
		argv[n++] = *arguments;
	}
	(void)snprintf(address, sizeof(address), "DBUS_SESSION_BUS_ADDRESS=%s",
		       test_bus_address(f->test_bus));
	/* A sanitizer's options go along. */
	if (getenv("ASAN_OPTIONS"))
		env[1] = getenv("ASAN_OPTIONS") - strlen("ASAN_OPTIONS=");
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
	assert_int_equal(posix_spawn(&run->pid, program, &actions, NULL, (char *const *)argv, env),
			 0);
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	run->in = in[1];
	open_stream(run, &run->out, out[0]);
	open_stream(run, &run->err, err[0]);
}

static void start(struct fixture *f, struct run *run, const char *const *arguments)
{
	start_program(f, run, CALLROUTECTL, arguments);
}

static void close_input(struct run *run)
{
	if (run->in >= 0)
		close(run->in);
	run->in = -1;
}

static void type(struct run *run, const char *text)
{
	assert_int_equal(write(run->in, text, strlen(text)), strlen(text));
}

/* Its exit status; -1 where a signal ended it. */
static int finish(struct run *run)
{
	int status;

	assert_true(loop_until_set(run->loop, &run->out.closed));
	assert_true(loop_until_set(run->loop, &run->err.closed));
	assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
	close_input(run);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct wanted {
	const struct stream *stream;
	const char *text;
};

static bool has_text(void *data)
{
	const struct wanted *wanted = data;

	return strstr(wanted->stream->text, wanted->text) != NULL;
}

static void expect_text(struct stream *stream, const char *text)
{
	struct wanted wanted = { stream, text };

	if (!loop_until(stream->run->loop, has_text, &wanted, LOOP_DEADLINE_MS))
		fail_msg("no \"%s\" in:\n%s", text, stream->text);
}

#define start_ctl(f, run, ...) start(f, run, (const char *const[]){ __VA_ARGS__, NULL })
#define run_ctl(f, run, ...) (start_ctl(f, run, __VA_ARGS__), finish(run))

static bool has_request(void *data)
{
	return ((struct engine *)data)->n_requests > 0;
}

static void wait_for_request(struct fixture *f)
{
	assert_true(loop_until(f->loop, has_request, f->engine, LOOP_DEADLINE_MS));
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void test_status_is_for_people_and_for_programs(void **state)
{
	struct fixture *f = *state;
	struct run run;

	fake_engine_route(f->engine, (struct route){ .kind = ROUTE_HANDSET }, RULE_P1,
			  "at the desk");
	(void)added(f, &f->a);
	assert_int_equal(run_ctl(f, &run, "status"), 0);
	expect_text(&run.out, "Route         handset\n");
	expect_text(&run.out, "Reason        P1: at the desk\n");
	expect_text(&run.out, "\n1   incoming  incoming  voip   unmanaged  voice  withheld\n");
	assert_null(strstr(run.out.text, "Microphone"));
	assert_string_equal(run.err.text, "");
	f->engine->hears_nothing = true;
	fake_engine_changed(f->engine);
	assert_int_equal(run_ctl(f, &run, "status"), 0);
	expect_text(&run.out, "Microphone    nothing comes from it\n");
	assert_int_equal(run_ctl(f, &run, "why"), 0);
	expect_text(&run.out, "Microphone    nothing comes from it\n");
	assert_int_equal(run_ctl(f, &run, "--json", "status"), 0);
	expect_text(&run.out, "\"Route\": \"handset\"");
	expect_text(&run.out, "\"Muted\": false");
	expect_text(&run.out, "\"Id\": 1");
}

static void test_config_check_tells_what_is_wrong_without_a_daemon(void **state)
{
	char path[] = "/tmp/callroute-ctl-XXXXXX", line[128];
	static const char text[] = "devices = [ { match = { device.name = A } kind = tv } ]\n";
	struct fixture *f = *state;
	struct run run;
	int fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	assert_int_equal(run_ctl(f, &run, "config", "check", path), 1);
	(void)snprintf(line, sizeof(line),
		       "%s: devices: kind: expected headset, speaker, car or hearing-aid\n", path);
	assert_string_equal(run.out.text, line);
	assert_string_equal(run.err.text, "");
	assert_int_equal(run_ctl(f, &run, "--json", "config", "check", path), 1);
	expect_text(&run.out, ": devices: kind: expected headset");
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(run_ctl(f, &run, "config", "check", path), 0);
	assert_string_equal(run.out.text, "");
	assert_int_equal(run_ctl(f, &run, "config", "checks"), 2);
	assert_int_equal(run_ctl(f, &run, "config"), 2);
	assert_int_equal(close(fd), 0);
	assert_int_equal(unlink(path), 0);
}

static void test_routes_and_why(void **state)
{
	struct fixture *f = *state;
	struct run run;

	add_headset(f);
	assert_int_equal(run_ctl(f, &run, "routes"), 0);
	expect_text(&run.out, "  headset:" ADDRESS "     A headset");
	assert_int_equal(run_ctl(f, &run, "routes", "--json"), 0);
	expect_text(&run.out, "\"Eligible\": false");
	assert_int_equal(run_ctl(f, &run, "why"), 0);
	expect_text(&run.out, "Reason        no call yet\n");
	assert_int_equal(run_ctl(f, &run, "why", "--json"), 0);
	expect_text(&run.out, "\"History\": [");
}

static void test_control_characters_of_a_name_do_not_reach_the_terminal(void **state)
{
	struct fixture *f = *state;
	struct answer answer;
	struct run run;

	add_call(&f->a, "voip", &answer,
		 TEXT("RemoteName", "a\x1b[2Jb\xc2\x9b"
				    "c\n"));
	expect_error(&f->a, &answer, "");
	assert_int_equal(run_ctl(f, &run, "calls"), 0);
	expect_text(&run.out, "(a?[2Jb?c?)\n");
}

static void test_wrong_usage_is_2(void **state)
{
	static const char *const wrong[][6] = {
		{ NULL },
		{ "dance" },
		{ "--dance" },
		{ "status", "now" },
		{ "route" },
		{ "set", "mute", "maybe" },
		{ "set", "auto-answer", "-1" },
		{ "set", "volume", "3" },
		{ "call" },
		{ "call", "answer", "one" },
		{ "call", "answer", "0" },
		{ "call", "state", "1" },
		{ "call", "add" },
		{ "call", "add", "fax" },
		{ "call", "add", "voip", "--pid", "0" },
		{ "call", "add", "voip", "--loud" },
		{ "call", "add", "voip", "--name", "\xff" },
	};
	struct fixture *f = *state;
	struct run run;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		start(f, &run, wrong[i]);
		assert_int_equal(finish(&run), 2);
		assert_string_equal(run.out.text, "");
		assert_non_null(strchr(run.err.text, '\n'));
		assert_string_equal(strchr(run.err.text, '\n'), "\n");
	}
}

static void test_no_daemon_is_3(void **state)
{
	struct fixture *f = *state;
	struct run run;

	f->api = api_free(f->api);
	assert_int_equal(run_ctl(f, &run, "status"), 3);
	expect_text(&run.err, "callroutectl: callrouted is not there");
	assert_int_equal(run_ctl(f, &run, "call", "add", "voip"), 3);
	assert_int_equal(run_ctl(f, &run, "monitor"), 3);
	test_bus_kill(f->test_bus);
	assert_int_equal(run_ctl(f, &run, "status"), 3);
	expect_text(&run.err, "callroutectl: no session bus");
}

static void test_help_and_version(void **state)
{
	struct fixture *f = *state;
	struct run run;

	assert_int_equal(run_ctl(f, &run, "--help"), 0);
	expect_text(&run.out, "Usage: callroutectl");
	assert_int_equal(run_ctl(f, &run, "--version"), 0);
	assert_string_equal(run.out.text, "callroutectl " CALLROUTE_VERSION "\n");
	assert_int_equal(run_ctl(f, &run, "rules", "--json"), 0);
	expect_text(&run.out, "\"Rule\": \"X10\"");
}

/* ---- changing -------------------------------------------------------------------------------- */

static void test_route_waits_and_tells_why_not(void **state)
{
	struct fixture *f = *state;
	struct run run;

	start_ctl(f, &run, "route", "speaker");
	wait_for_request(f);
	assert_int_equal(f->engine->asked_route.kind, ROUTE_SPEAKER);
	fake_engine_finish(f->engine, NULL, NULL);
	assert_int_equal(finish(&run), 0);
	assert_string_equal(run.out.text, "");
	f->engine->refuse = POLICY_NOT_ELIGIBLE;
	assert_int_equal(run_ctl(f, &run, "route", "speaker"), 1);
	assert_string_equal(run.err.text, "callroutectl: NotEligible: refused by the test\n");
	assert_int_equal(run_ctl(f, &run, "route", "moon"), 1);
	expect_text(&run.err, "callroutectl: NoSuchRoute: ");
}

static void test_settings(void **state)
{
	struct fixture *f = *state;
	struct run run;

	assert_int_equal(run_ctl(f, &run, "set", "routing", "headset"), 0);
	assert_int_equal(f->engine->routing, ROUTING_HEADSET);
	assert_int_equal(run_ctl(f, &run, "set", "auto-answer", "5"), 0);
	assert_int_equal(f->engine->auto_answer, 5);
	assert_int_equal(run_ctl(f, &run, "set", "auto-answer", "off"), 0);
	assert_int_equal(f->engine->auto_answer, 0);
	assert_int_equal(run_ctl(f, &run, "set", "mute", "on"), 0);
	assert_true(f->engine->decision.muted);
	assert_int_equal(run_ctl(f, &run, "set", "routing", "moon"), 1);
}

static void test_call_verbs(void **state)
{
	struct fixture *f = *state;
	struct run run;

	assert_int_equal(run_ctl(f, &run, "call", "answer"), 1);
	serve_provider(&f->a);
	(void)added(f, &f->a);
	start_ctl(f, &run, "call", "answer");
	wait_for_request(f);
	fake_engine_finish(f->engine, NULL, NULL);
	assert_int_equal(finish(&run), 0);
	assert_int_equal(run_ctl(f, &run, "call", "hold", "1"), 0);
	assert_int_equal(run_ctl(f, &run, "call", "unhold", CALL_PATH(1)), 0);
	assert_int_equal(run_ctl(f, &run, "call", "state", "1", "ended"), 1);
	expect_text(&run.err, "callroutectl: NotOwner: ");
	(void)added(f, &f->a);
	assert_int_equal(run_ctl(f, &run, "call", "hangup"), 2);
	expect_text(&run.err, "which call?");
	assert_int_equal(run_ctl(f, &run, "call", "hangup", "2"), 0);
	assert_int_equal(f->engine->n_calls, 1);
	assert_int_equal(run_ctl(f, &run, "call", "hangup", "2"), 1);
}

/* ---- owning a call --------------------------------------------------------------------------- */

static void test_call_add_is_a_softphone_until_its_input_ends(void **state)
{
	struct fixture *f = *state;
	const struct call_info *info;
	struct run run;

	start_ctl(f, &run, "call", "add", "voip", "--managed", "--video", "--number", "+49110",
		  "--name", "Ann", "--pid", "4711");
	expect_text(&run.out, "call 1: added\n");
	info = &f->engine->calls[0]->info;
	assert_true(info->managed && info->video && info->incoming && !info->phone);
	assert_string_equal(info->party, "+49110");
	assert_string_equal(info->name, "Ann");
	assert_int_equal(info->processes[0], run.pid);
	assert_int_equal(info->processes[1], 4711);
	fake_engine_button(f->engine, f->engine->calls[0], "headset:" ADDRESS);
	expect_text(&run.out, "call 1: asked to answer\n");
	expect_text(&run.out, "call 1: answered by headset:" ADDRESS "\n");
	expect_text(&run.out, "call 1: state active\n");
	type(&run, "held\n");
	expect_text(&run.out, "call 1: state held\n");
	type(&run, "held\nsing\n");
	expect_text(&run.err, "not \"sing\"");
	close_input(&run);
	assert_int_equal(finish(&run), 0);
	expect_text(&run.out, "call 1: ended\n");
	assert_int_equal(f->engine->n_calls, 0);
	assert_false(f->engine->last_end_remote);
}

static void test_call_add_wait_ignores_the_end_of_its_input(void **state)
{
	struct fixture *f = *state;
	struct run run;

	start_ctl(f, &run, "call", "add", "phone", "--outgoing", "--wait", "--json");
	close_input(&run);
	expect_text(&run.out, "{\"event\":\"added\",\"id\":1}\n");
	assert_int_equal(f->engine->calls[0]->state, CALL_DIALING);
	(void)engine_call_state(f->engine, f->engine->calls[0], CALL_ACTIVE, false);
	expect_text(&run.out, "{\"event\":\"state\",\"id\":1,\"state\":\"active\"}\n");
	kill(run.pid, SIGINT);
	assert_int_equal(finish(&run), 0);
	expect_text(&run.out, "{\"event\":\"hangup\",\"id\":1}\n");
	expect_text(&run.out, "{\"event\":\"ended\",\"id\":1}\n");
}

static void test_call_add_ends_with_its_call_or_its_daemon(void **state)
{
	struct fixture *f = *state;
	struct run run;

	start_ctl(f, &run, "call", "add", "voip");
	expect_text(&run.out, "call 1: added\n");
	type(&run, "ended\n");
	assert_int_equal(finish(&run), 0);
	assert_true(f->engine->last_end_remote);
	f->engine->refuse = POLICY_NO_SUCH_DEVICE;
	assert_int_equal(run_ctl(f, &run, "call", "add", "voip", "--outgoing", "--from", ADDRESS),
			 1);
	expect_text(&run.err, "callroutectl: NoSuchDevice: ");
	f->engine->refuse = POLICY_OK;
	start_ctl(f, &run, "call", "add", "voip");
	expect_text(&run.out, "call 2: added\n");
	test_bus_kill(f->test_bus);
	assert_int_equal(finish(&run), 3);
	expect_text(&run.err, "the bus has gone");
}

static bool has_call(void *data)
{
	return ((struct engine *)data)->n_calls > 0;
}

static bool source_has_answered(void *data)
{
	return ((struct engine *)data)->n_source_answers > 0;
}

static void test_documented_example_is_a_softphone(void **state)
{
	struct fixture *f = *state;
	struct run run;

	start_program(f, &run, EXAMPLE_SOFTPHONE, (const char *const[]){ NULL });
	assert_true(loop_until(f->loop, has_call, f->engine, LOOP_DEADLINE_MS));
	assert_string_equal(f->engine->calls[0]->info.party, "tel:+4930123456");
	fake_engine_button(f->engine, f->engine->calls[0], "headset:" ADDRESS);
	assert_true(loop_until(f->loop, source_has_answered, f->engine, LOOP_DEADLINE_MS));
	assert_int_equal(f->engine->n_source_errors, 0);
	kill(run.pid, SIGTERM);
	assert_int_equal(finish(&run), -1);
	expect_line(&f->a, "-" CALL_PATH(1) "\n");
}

/* ---- monitor --------------------------------------------------------------------------------- */

static void test_monitor_tells_what_changes(void **state)
{
	struct fixture *f = *state;
	struct run people, programs;
	struct answer answer;

	start_ctl(f, &people, "monitor");
	start_ctl(f, &programs, "monitor", "--json");
	expect_text(&people.out, "  listening, route none\n");
	expect_text(&programs.out, "\"event\":\"listening\"");
	add_headset(f);
	(void)added(f, &f->a);
	fake_engine_route(f->engine, (struct route){ ROUTE_HEADSET, DEVICE }, RULE_P2, "button");
	expect_text(&people.out, "  endpoint/AA_BB_CC_DD_EE_FF added ");
	expect_text(&people.out, "  call/1 added Kind=voip ");
	expect_text(&people.out, "  manager Route=headset:" ADDRESS);
	expect_text(&people.out, "  route none -> headset:" ADDRESS " by P2: button\n");
	expect_text(&programs.out,
		    "\"event\":\"route-changed\",\"old\":\"none\",\"new\":\"headset:");
	expect_text(&programs.out, "\"invalidated\":[]");
	set_state(&f->a, CALL_PATH(1), "ended", &answer);
	expect_error(&f->a, &answer, "");
	expect_text(&people.out, "  call/1 State=ended\n");
	expect_text(&people.out, "  call/1 removed\n");
	expect_text(&programs.out, "\"event\":\"removed\",\"path\":\"/org/callroute/call/1\"}\n");
	f->api = api_free(f->api);
	expect_text(&people.out, "  callrouted has gone\n");
	kill(people.pid, SIGTERM);
	kill(programs.pid, SIGTERM);
	assert_int_equal(finish(&people), -1);
	assert_int_equal(finish(&programs), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		API_TEST(test_status_is_for_people_and_for_programs),
		API_TEST(test_config_check_tells_what_is_wrong_without_a_daemon),
		API_TEST(test_routes_and_why),
		API_TEST(test_control_characters_of_a_name_do_not_reach_the_terminal),
		API_TEST(test_wrong_usage_is_2),
		API_TEST(test_no_daemon_is_3),
		API_TEST(test_help_and_version),
		API_TEST(test_route_waits_and_tells_why_not),
		API_TEST(test_settings),
		API_TEST(test_call_verbs),
		API_TEST(test_call_add_is_a_softphone_until_its_input_ends),
		API_TEST(test_call_add_wait_ignores_the_end_of_its_input),
		API_TEST(test_call_add_ends_with_its_call_or_its_daemon),
		API_TEST(test_documented_example_is_a_softphone),
		API_TEST(test_monitor_tells_what_changes),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	pw_init(NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
