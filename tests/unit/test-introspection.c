/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The tables that calls are dispatched by say the same as the documented interfaces in dbus/.
 */
#include "daemon/api/internal.h"

#include <expat.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_LINES 128

/** Introspection as sorted lines: "method AddCall 0 in s kind". Comments, annotations, what is not
 * ours, and the order of members are left out. */
struct normal {
	char *lines[MAX_LINES];
	size_t n;
	bool ours; /* inside an interface of callroute */
	char kind[16];
	char member[64];
	unsigned int n_args;
};

static const char *attribute(const XML_Char **attributes, const char *name, const char *otherwise)
{
	for (; *attributes; attributes += 2)
		if (strcmp(attributes[0], name) == 0)
			return attributes[1];
	return otherwise;
}

__attribute__((format(printf, 2, 3))) static void add_line(struct normal *normal,
							   const char *format, ...)
{
	va_list args;

	assert_true(normal->n < MAX_LINES);
	va_start(args, format);
	assert_true(vasprintf(&normal->lines[normal->n++], format, args) > 0);
	va_end(args);
}

static void XMLCALL on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
	struct normal *normal = data;
	const char *own = attribute(attributes, "name", "unnamed");

	if (strcmp(name, "interface") == 0) {
		normal->ours = strstr(own, "org.callroute.") == own;
		if (normal->ours)
			add_line(normal, "interface %s", own);
	} else if (!normal->ours) {
		return;
	} else if (strcmp(name, "method") == 0 || strcmp(name, "signal") == 0) {
		(void)snprintf(normal->kind, sizeof(normal->kind), "%s", name);
		(void)snprintf(normal->member, sizeof(normal->member), "%s", own);
		normal->n_args = 0;
		add_line(normal, "%s %s", name, own);
	} else if (strcmp(name, "arg") == 0) {
		/* As the D-Bus specification says where the direction is left out. */
		bool out = strcmp(normal->kind, "signal") == 0;

		add_line(normal, "%s %s %u %s %s %s", normal->kind, normal->member,
			 normal->n_args++, attribute(attributes, "direction", out ? "out" : "in"),
			 attribute(attributes, "type", "?"), own);
	} else if (strcmp(name, "property") == 0) {
		add_line(normal, "property %s %s %s", own, attribute(attributes, "type", "?"),
			 attribute(attributes, "access", "?"));
	}
}

static void XMLCALL on_end(void *data, const XML_Char *name)
{
	struct normal *normal = data;

	if (strcmp(name, "interface") == 0)
		normal->ours = false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void normalise(const char *xml, struct normal *ret)
{
	XML_Parser parser = XML_ParserCreate(NULL);

	*ret = (struct normal){ 0 };
	assert_non_null(parser);
	XML_SetUserData(parser, ret);
	XML_SetElementHandler(parser, on_start, on_end);
	if (XML_Parse(parser, xml, (int)strlen(xml), 1) != XML_STATUS_OK)
		fail_msg("line %lu: %s", XML_GetCurrentLineNumber(parser),
			 XML_ErrorString(XML_GetErrorCode(parser)));
	XML_ParserFree(parser);
	qsort(ret->lines, ret->n, sizeof(ret->lines[0]), by_text);
}

static void normal_done(struct normal *normal)
{
	for (size_t i = 0; i < normal->n; i++)
		free(normal->lines[i]);
}

static char *read_file(const char *interface)
{
	char path[512], *text = NULL;
	size_t n = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s.xml", INTERFACES_DIR, interface);
	file = fopen(path, "re");
	if (!file || getdelim(&text, &n, '\0', file) < 0)
		fail_msg("cannot read %s", path);
	fclose(file);
	return text;
}

static void expect_same(const struct bus_interface *interface)
{
	const struct bus_interface *const interfaces[] = { interface, NULL };
	char *table = bus_introspect(interfaces), *file = read_file(interface->name);
	struct normal ours, documented;

	assert_non_null(table);
	normalise(table, &ours);
	normalise(file, &documented);
	for (size_t i = 0; i < ours.n && i < documented.n; i++)
		assert_string_equal(ours.lines[i], documented.lines[i]);
	assert_int_equal(ours.n, documented.n);
	assert_true(ours.n > 1);
	normal_done(&ours);
	normal_done(&documented);
	free(table);
	free(file);
}

static void test_manager_is_as_documented(void **state)
{
	expect_same(&api_manager_interface);
}

static void test_endpoint_is_as_documented(void **state)
{
	expect_same(&api_endpoint_interface);
}

static void test_call_is_as_documented(void **state)
{
	expect_same(&api_call_interface);
}

/* Called by us, served by others: its table has no handlers, and names what we send. */
static void test_call_provider_is_as_documented(void **state)
{
	expect_same(&api_provider_interface);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manager_is_as_documented),
		cmocka_unit_test(test_endpoint_is_as_documented),
		cmocka_unit_test(test_call_is_as_documented),
		cmocka_unit_test(test_call_provider_is_as_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
