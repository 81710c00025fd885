/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * "call add": a softphone without sound. It owns a call for as long as it runs, tells what happens
 * to it, and takes what happens at its end from standard input, a word a line: answer, hangup, hold
 * and unhold ask for it as a user would; alerting, active, held and ended report it as a softphone
 * would.
 *
 * It never waits for an answer once the call is there: it is the provider that callrouted may be
 * waiting for.
 */
#include "ctl.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define PROVIDER_PATH "/org/callroute/ctl"
#define HANGUP_TIMEOUT_MS 2000
#define MAX_PROCESSES 7

struct add {
	struct ctl *ctl;
	const char *kind;
	const char *direction;
	const char *state;
	const char *party;
	const char *name;
	const char *from;
	uint32_t processes[MAX_PROCESSES];
	int n_processes;
	bool managed;
	bool video;
	bool wait;

	char *path;
	char line[64]; /* of standard input, until its line feed */
	size_t n_line;
	bool over;
	int status;
};

/* ---- telling --------------------------------------------------------------------------------- */

/* @event for programs, @words for people; @detail may be NULL. */
static void tell(struct add *add, const char *event, const char *words, const char *detail_key,
		 const char *detail)
{
	const char *id = add->path + strlen(CTL_CALL_PREFIX);

	if (add->ctl->json) {
		json_object *object = json_object_new_object();

		json_object_object_add(object, "event", json_object_new_string(event));
		json_object_object_add(object, "id", json_object_new_int64(atoll(id)));
		if (detail)
			json_object_object_add(object, detail_key, json_object_new_string(detail));
		ctl_print_json(object, true);
		json_object_put(object);
		return;
	}
	(void)printf("call %s: %s", id, words);
	if (detail) {
		(void)putchar(' ');
		(void)ctl_print(detail);
	}
	(void)putchar('\n');
	(void)fflush(stdout);
}

static void end(struct add *add)
{
	if (add->over)
		return;
	add->over = true;
	tell(add, "ended", "ended", NULL, NULL);
}

/* ---- messages -------------------------------------------------------------------------------- */

static void reply(struct add *add, DBusMessage *call, const char *error)
{
	DBusMessage *message;

	if (dbus_message_get_no_reply(call))
		return;
	message = error ? dbus_message_new_error(call, error, "callroutectl cannot do this")
			: dbus_message_new_method_return(call);
	if (message) {
		(void)dbus_connection_send(add->ctl->bus, message, NULL);
		dbus_message_unref(message);
	}
}

static void on_provider_call(struct add *add, DBusMessage *message)
{
	static const struct {
		const char *member;
		const char *event;
		const char *words;
	} asked[] = {
		{ "Answer", "answer", "asked to answer" },
		{ "Hangup", "hangup", "asked to hang up" },
		{ "Hold", "hold", "asked to hold" },
		{ "Unhold", "unhold", "asked to resume" },
	};
	const char *path, *digits;

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		if (dbus_message_is_method_call(message, CTL_PROVIDER, asked[i].member)) {
			tell(add, asked[i].event, asked[i].words, NULL, NULL);
			reply(add, message, NULL);
			return;
		}
	}
	if (dbus_message_is_method_call(message, CTL_PROVIDER, "SendDtmf") &&
	    dbus_message_get_args(message, NULL, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_STRING,
				  &digits, DBUS_TYPE_INVALID)) {
		tell(add, "dtmf", "asked to send", "digits", digits);
		reply(add, message, NULL);
		return;
	}
	reply(add, message, DBUS_ERROR_UNKNOWN_METHOD);
}

static void on_properties(struct add *add, DBusMessage *message)
{
	DBusMessageIter iter;
	json_object *changed;

	if (!dbus_message_has_path(message, add->path) ||
	    !dbus_message_has_signature(message, "sa{sv}as"))
		return;
	dbus_message_iter_init(message, &iter);
	dbus_message_iter_next(&iter);
	changed = ctl_json(&iter);
	if (ctl_text(changed, "AnsweredBy")[0] != '\0')
		tell(add, "answered-by", "answered by", "by", ctl_text(changed, "AnsweredBy"));
	if (strcmp(ctl_text(changed, "State"), "ended") == 0)
		end(add);
	else if (ctl_text(changed, "State")[0] != '\0')
		tell(add, "state", "state", "state", ctl_text(changed, "State"));
	json_object_put(changed);
}

static void on_owner(struct add *add, DBusMessage *message)
{
	const char *name, *old, *now;

	if (add->over || !dbus_message_has_sender(message, DBUS_SERVICE_DBUS) ||
	    !dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &old,
				   DBUS_TYPE_STRING, &now, DBUS_TYPE_INVALID) ||
	    strcmp(name, CTL_SERVICE) != 0 || now[0] != '\0')
		return;
	add->over = true;
	add->status = ctl_fail(CTL_NO_DAEMON, "callrouted has gone, and the call with it");
}

static void on_removed(struct add *add, DBusMessage *message)
{
	DBusMessageIter iter;
	const char *path;

	if (!dbus_message_has_signature(message, "oas"))
		return;
	dbus_message_iter_init(message, &iter);
	dbus_message_iter_get_basic(&iter, &path);
	if (strcmp(path, add->path) == 0)
		end(add);
}

static DBusHandlerResult on_message(DBusConnection *bus, DBusMessage *message, void *data)
{
	struct add *add = data;

	if (dbus_message_get_type(message) == DBUS_MESSAGE_TYPE_METHOD_CALL) {
		if (!dbus_message_has_path(message, PROVIDER_PATH) ||
		    !dbus_message_has_interface(message, CTL_PROVIDER))
			return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
		on_provider_call(add, message);
		return DBUS_HANDLER_RESULT_HANDLED;
	}
	if (dbus_message_is_signal(message, CTL_PROPERTIES, "PropertiesChanged"))
		on_properties(add, message);
	else if (dbus_message_is_signal(message, CTL_OBJECT_MANAGER, "InterfacesRemoved"))
		on_removed(add, message);
	else if (dbus_message_is_signal(message, DBUS_INTERFACE_DBUS, "NameOwnerChanged"))
		on_owner(add, message);
	else if (dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected")) {
		add->over = true;
		add->status = ctl_fail(CTL_NO_DAEMON, "the bus has gone");
	} else if (dbus_message_get_type(message) == DBUS_MESSAGE_TYPE_ERROR && !add->over) {
		const char *text = NULL;

		(void)dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &text,
					    DBUS_TYPE_INVALID);
		(void)ctl_dbus_error(dbus_message_get_error_name(message), text);
	}
	return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

/* ---- adding ---------------------------------------------------------------------------------- */

static void append(DBusMessageIter *dict, const char *key, int type, const void *value)
{
	const char signature[] = { (char)type, '\0' };
	DBusMessageIter entry, variant;

	dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
	dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, signature, &variant);
	dbus_message_iter_append_basic(&variant, type, value);
	dbus_message_iter_close_container(&entry, &variant);
	dbus_message_iter_close_container(dict, &entry);
}

static void append_processes(DBusMessageIter *dict, const struct add *add)
{
	const char *key = "ProcessID";
	const uint32_t *processes = add->processes;
	DBusMessageIter entry, variant, array;

	dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
	dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, "au", &variant);
	dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "u", &array);
	dbus_message_iter_append_fixed_array(&array, DBUS_TYPE_UINT32, &processes,
					     add->n_processes);
	dbus_message_iter_close_container(&variant, &array);
	dbus_message_iter_close_container(&entry, &variant);
	dbus_message_iter_close_container(dict, &entry);
}

static DBusMessage *add_message(const struct add *add)
{
	DBusMessage *message = ctl_message(CTL_PATH, CTL_MANAGER, "AddCall", DBUS_TYPE_STRING,
					   &add->kind, DBUS_TYPE_INVALID);
	const char *provider = PROVIDER_PATH;
	const dbus_bool_t yes = TRUE;
	DBusMessageIter iter, dict;

	dbus_message_iter_init_append(message, &iter);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &dict);
	append(&dict, "Provider", DBUS_TYPE_OBJECT_PATH, &provider);
	append(&dict, "Direction", DBUS_TYPE_STRING, &add->direction);
	if (add->state)
		append(&dict, "State", DBUS_TYPE_STRING, &add->state);
	if (add->managed)
		append(&dict, "Managed", DBUS_TYPE_BOOLEAN, &yes);
	if (add->video)
		append(&dict, "Video", DBUS_TYPE_BOOLEAN, &yes);
	if (add->party)
		append(&dict, "RemoteParty", DBUS_TYPE_STRING, &add->party);
	if (add->name)
		append(&dict, "RemoteName", DBUS_TYPE_STRING, &add->name);
	if (add->from)
		append(&dict, "From", DBUS_TYPE_STRING, &add->from);
	if (add->n_processes > 0)
		append_processes(&dict, add);
	dbus_message_iter_close_container(&iter, &dict);
	return message;
}

static int add_call(struct add *add)
{
	json_object *path;
	int status = ctl_connect(add->ctl);

	if (status != CTL_OK)
		return status;
	/* Before the call is there, so that nothing that happens to it is missed. */
	dbus_bus_add_match(add->ctl->bus,
			   "type='signal',sender='" CTL_SERVICE "',path_namespace='" CTL_PATH "'",
			   NULL);
	dbus_bus_add_match(add->ctl->bus,
			   "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',"
			   "arg0='" CTL_SERVICE "'",
			   NULL);
	status = ctl_ask_json(add->ctl, add_message(add), &path);
	if (status != CTL_OK)
		return status;
	add->path = strdup(json_object_get_string(path));
	json_object_put(path);
	if (!add->path || strncmp(add->path, CTL_CALL_PREFIX, strlen(CTL_CALL_PREFIX)) != 0)
		return ctl_fail(CTL_FAILED, "callrouted answered something else than a call");
	if (!dbus_connection_add_filter(add->ctl->bus, on_message, add, NULL))
		return ctl_fail(CTL_FAILED, "out of memory");
	tell(add, "added", "added", NULL, NULL);
	return CTL_OK;
}

/* ---- while it lasts -------------------------------------------------------------------------- */

static void send(struct add *add, const char *member, const char *state)
{
	DBusMessage *message = ctl_message(add->path, CTL_CALL, member,
					   state ? DBUS_TYPE_STRING : DBUS_TYPE_INVALID, &state,
					   DBUS_TYPE_INVALID);

	(void)dbus_connection_send(add->ctl->bus, message, NULL);
	dbus_message_unref(message);
}

static void obey(struct add *add, const char *word)
{
	static const struct {
		const char *word;
		const char *member;
		const char *state;
	} words[] = {
		{ "answer", "Answer", NULL },       { "hangup", "Hangup", NULL },
		{ "hold", "Hold", NULL },           { "unhold", "Unhold", NULL },
		{ "active", "SetState", "active" }, { "held", "SetState", "held" },
		{ "ended", "SetState", "ended" },   { "alerting", "SetState", "alerting" },
	};

	if (word[0] == '\0')
		return;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, word) == 0) {
			send(add, words[i].member, words[i].state);
			return;
		}
	}
	(void)ctl_fail(CTL_USAGE,
		       "expected answer, hangup, hold, unhold, alerting, active, held or ended, "
		       "not \"%s\"",
		       word);
}

/* False at the end of the input. */
static bool read_input(struct add *add)
{
	char bytes[256];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0)
		return false;
	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] == '\n') {
			add->line[add->n_line] = '\0';
			obey(add, add->line);
			add->n_line = 0;
		} else if (add->n_line < sizeof(add->line) - 1) {
			add->line[add->n_line++] = bytes[i];
		}
	}
	return true;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void dispatch(struct add *add)
{
	(void)dbus_connection_read_write(add->ctl->bus, 0);
	while (dbus_connection_dispatch(add->ctl->bus) == DBUS_DISPATCH_DATA_REMAINS)
		;
	dbus_connection_flush(add->ctl->bus);
}

static int follow(struct add *add)
{
	struct pollfd fds[3] = {
		{ .events = POLLIN },
		{ .fd = open_signals(), .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	bool leaving = false;

	if (!dbus_connection_get_unix_fd(add->ctl->bus, &fds[0].fd))
		return ctl_fail(CTL_FAILED, "the bus has no socket");
	dispatch(add);
	while (!add->over) {
		bool leave = false;

		int n = poll(fds, 3, leaving ? HANGUP_TIMEOUT_MS : -1);

		if (n < 0)
			continue;
		if (n == 0)
			return ctl_fail(CTL_FAILED,
					"callrouted does not answer; the call ends now");
		if (fds[1].revents) {
			if (leaving)
				return CTL_FAILED;
			leave = true;
		}
		if (fds[2].revents && !read_input(add)) {
			fds[2].fd = -1;
			leave = leave || !add->wait;
		}
		if (leave && !leaving) {
			leaving = true;
			fds[1].revents = 0;
			send(add, "Hangup", NULL);
			fds[2].fd = -1;
			/* The first signal is read, so that only a second one counts. */
			struct signalfd_siginfo info;

			(void)!read(fds[1].fd, &info, sizeof(info));
		}
		dispatch(add);
	}
	return add->status;
}

/* ---- options --------------------------------------------------------------------------------- */

#define USAGE                                                                             \
	"call add phone|voip [--incoming|--outgoing] [--managed] [--video] [--number N] " \
	"[--name N] [--from ADDRESS] [--state STATE] [--pid PID]… [--wait]"

static int take_pid(struct add *add, const char *text)
{
	unsigned long pid;
	char *end_of_number;

	errno = 0;
	pid = strtoul(text, &end_of_number, 10);
	if (text[0] < '0' || text[0] > '9' || *end_of_number != '\0' || errno != 0 || pid == 0 ||
	    pid > INT32_MAX)
		return ctl_fail(CTL_USAGE, "not a process id: %s", text);
	if (add->n_processes == MAX_PROCESSES)
		return ctl_fail(CTL_USAGE, "at most %d processes", MAX_PROCESSES);
	add->processes[add->n_processes++] = (uint32_t)pid;
	return CTL_OK;
}

static int parse(struct add *add, int argc, char **argv)
{
	static const struct option options[] = {
		{ "incoming", no_argument, NULL, 'i' },
		{ "outgoing", no_argument, NULL, 'o' },
		{ "managed", no_argument, NULL, 'm' },
		{ "video", no_argument, NULL, 'v' },
		{ "wait", no_argument, NULL, 'w' },
		{ "number", required_argument, NULL, 'n' },
		{ "name", required_argument, NULL, 'N' },
		{ "from", required_argument, NULL, 'f' },
		{ "state", required_argument, NULL, 's' },
		{ "pid", required_argument, NULL, 'p' },
		{ 0 },
	};
	int c;

	optind = 0; /* begin anew: the program's own options have been read */
	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 'i':
			add->direction = "incoming";
			break;
		case 'o':
			add->direction = "outgoing";
			break;
		case 'm':
			add->managed = true;
			break;
		case 'v':
			add->video = true;
			break;
		case 'w':
			add->wait = true;
			break;
		case 'n':
			add->party = optarg;
			break;
		case 'N':
			add->name = optarg;
			break;
		case 'f':
			add->from = optarg;
			break;
		case 's':
			add->state = optarg;
			break;
		case 'p':
			if (take_pid(add, optarg) != CTL_OK)
				return CTL_USAGE;
			break;
		default:
			return CTL_USAGE; /* getopt has said why */
		}
	}
	if (argc - optind != 1 ||
	    (strcmp(argv[optind], "phone") != 0 && strcmp(argv[optind], "voip") != 0))
		return ctl_bad_usage(USAGE);
	add->kind = argv[optind];
	return CTL_OK;
}

int ctl_call_add(struct ctl *ctl, int argc, char **argv)
{
	struct add add = { .ctl = ctl, .direction = "incoming" };
	int status = parse(&add, argc, argv);

	if (status == CTL_OK)
		status = add_call(&add);
	if (status == CTL_OK)
		status = follow(&add);
	free(add.path);
	return status;
}
