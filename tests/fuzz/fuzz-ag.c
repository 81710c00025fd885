/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A life of a gateway: an input is a sequence of acts (lines of real commands with other arguments,
 * raw bytes, calls, results, gains, codecs, sound, time) over one connection. After each act, and
 * at the end, when all that was asked for has been answered, the connection must still work.
 *
 * The model is what a caller and a headset can see: each line that needs a final result gets one,
 * and one only; while it is owed, something was asked for that can still be answered, and nothing
 * unsolicited is written; when nothing is owed, the headset's indicators are those of the calls.
 */
#include "checks.h"
#include "fuzz.h"
#include "result.h"
#include "words.h"

#include <sanitizer/allocator_interface.h>

#define MAX_OPEN 4096
#define N_CALLS (AG_MAX_CALLS + 4)

struct life {
	struct ag *ag;
	struct at_framer framer; /* a second reading of what the headset sends */
	struct results results;
	struct ag_call calls[N_CALLS];
	size_t n_calls;
	uint64_t now_ms;
	unsigned int lines; /* that need a final result */
	unsigned int open;  /* requests taken, whose result was not given yet */
	size_t act_bytes;   /* received in this act */
	bool reads;         /* the headset takes the output */
	bool takes;         /* the caller takes the events */
	bool stale;         /* the events are older than this act */
	bool ended;         /* overflowed: its caller closes the channel */
};

/* ---- no allocation ------------------------------------------------------------------------ */

static _Thread_local bool watching; /* libFuzzer has a thread of its own */
static unsigned int allocations;    /* counted, since what reports a failure allocates too */

static void on_malloc(const volatile void *p, size_t n)
{
	allocations += watching;
}

static void on_free(const volatile void *p)
{
	allocations += watching;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	CHECK(__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) > 0);
	return 0;
}

/* ---- what must always hold ---------------------------------------------------------------- */

static unsigned int owed(const struct life *life)
{
	CHECK(life->results.finals <= life->lines);
	return life->lines - life->results.finals;
}

static bool known_call(const struct life *life, uint32_t id)
{
	for (size_t i = 0; i < life->n_calls; i++) {
		if (life->calls[i].id == id)
			return true;
	}
	return false;
}

/* A request is about a call that there is, as long as the events are taken at once. */
static void check_event(const struct life *life, const struct ag_event *event)
{
	bool of_call = event->type == AG_EVENT_ANSWER || event->type == AG_EVENT_HANGUP;

	check_event_values(event);
	if (of_call || (event->type == AG_EVENT_CHLD && event->call != 0))
		CHECK(life->stale || known_call(life, event->call));
}

static void take_events(struct life *life)
{
	struct ag_event event;
	unsigned int n = 0;

	while (ag_next_event(life->ag, &event)) {
		CHECK(++n <= AG_MAX_EVENTS);
		check_event(life, &event);
		if (event_asks(event.type))
			CHECK(++life->open < MAX_OPEN);
	}
	life->stale = false;
}

static size_t take_output(struct life *life, size_t at_most)
{
	const char *bytes;
	size_t n = ag_output(life->ag, &bytes);

	if (n > at_most)
		n = at_most;
	results_take(&life->results, bytes, n);
	ag_output_taken(life->ag, n);
	return n;
}

/* Requests that wait to be taken. */
static unsigned int asks_queued(const struct ag *ag)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < ag->n_events; i++)
		n += event_asks(ag->events[(ag->first_event + i) % AG_MAX_EVENTS].type);
	return n;
}

static unsigned int count(const struct life *life, enum ag_call_state state)
{
	unsigned int n = 0;

	for (size_t i = 0; i < life->n_calls; i++)
		n += life->calls[i].state == state;
	return n;
}

/* HFP 1.8 §4.10.1, from the calls as stated. */
static void check_indicators(const struct life *life)
{
	const unsigned int *told = life->results.indicator;
	bool active = count(life, AG_CALL_ACTIVE) > 0, held = count(life, AG_CALL_HELD) > 0;
	unsigned int setup = 0;

	if (count(life, AG_CALL_ALERTING) > 0)
		setup = 3;
	else if (count(life, AG_CALL_DIALING) > 0)
		setup = 2;
	else if (count(life, AG_CALL_INCOMING) + count(life, AG_CALL_WAITING) > 0)
		setup = 1;
	CHECK(told[1] == (active || held));
	CHECK(told[2] == setup);
	CHECK(told[3] == (held ? (active ? 1u : 2u) : 0u));
}

static void check(struct life *life)
{
	struct ag *ag = life->ag;
	unsigned int asked = life->open;
	bool fresh = !life->stale;
	const char *bytes;
	size_t n;

	CHECK(allocations == 0);
	check_bounds(ag);
	if (ag_overflowed(ag))
		life->ended = true;
	if (life->takes)
		take_events(life);
	if (life->reads)
		take_output(life, SIZE_MAX);
	n = ag_output(ag, &bytes);
	if (life->ended || n > 0)
		return;

	/* All has been read: what is owed can be told from what was read. */
	if (fresh && life->open > asked)
		CHECK(owed(life) > 0); /* nobody else answers what was asked for just now */
	if (owed(life) > 0)
		CHECK(life->open + asks_queued(ag) > 0);
	else if (ag->profile == AG_HFP && ag_slc_up(ag) && ag->reports)
		check_indicators(life);
}

/* ---- acts --------------------------------------------------------------------------------- */

static void receive(struct life *life, const char *bytes, size_t n, size_t cut)
{
	size_t at = 0;

	while (at < n) {
		enum at_framing framing;
		struct at_line line;

		at += at_framer_feed(&life->framer, bytes + at, n - at, &framing);
		if (framing == AT_TOO_LONG)
			life->lines++;
		if (framing != AT_LINE)
			continue;
		enum at_kind kind = at_line_set(&line, life->framer.bytes, life->framer.n);
		life->lines += kind != AT_EMPTY && kind != AT_RESULT;
	}
	life->act_bytes += n;
	for (at = 0; at < n; at += cut)
		ag_receive(life->ag, bytes + at, n - at < cut ? n - at : cut, life->now_ms);
}

static void act_raw(struct life *life, struct input *input)
{
	const uint8_t *bytes;
	size_t n = input_take(input, input_byte(input), &bytes), cut = input_byte(input);

	receive(life, (const char *)bytes, n, cut > 0 ? cut : 256);
}

#define N(array) (sizeof(array) / sizeof((array)[0]))

static size_t add(char *line, size_t n, size_t size, const char *text)
{
	size_t more = strlen(text);

	if (n + more > size)
		more = size - n;
	memcpy(line + n, text, more);
	return n + more;
}

/* A command, with arguments, as often and in as many reads as the input says. */
static void act_line(struct life *life, struct input *input)
{
	char line[2048];
	size_t n = add(line, 0, sizeof(line), commands[input_below(input, N(commands))]);
	unsigned int flags = input_byte(input), times = 1;
	const uint8_t *raw;

	if (flags & 1)
		n = add(line, n, sizeof(line), arguments[input_below(input, N(arguments))]);
	if (flags & 2) {
		n = add(line, n, sizeof(line), ",");
		n = add(line, n, sizeof(line), arguments[input_below(input, N(arguments))]);
	}
	if (flags & 4) { /* another command of the same line: its AT is left out */
		const char *other = commands[input_below(input, N(commands))];

		n = add(line, n, sizeof(line), ";");
		n = add(line, n, sizeof(line), begins(other, "AT+") ? other + 2 : other);
		n = add(line, n, sizeof(line), arguments[input_below(input, N(arguments))]);
	}
	if (flags & 8) {
		size_t more = input_take(input, input_below(input, 16), &raw);

		memcpy(line + n, raw, more);
		n += more;
	}
	if ((flags & 0x30) == 0x30) /* long, or too long */
		for (size_t more = input_byte(input) * 6u; more > 0 && n < sizeof(line) - 2; more--)
			line[n++] = '1';
	if (!(flags & 0x40))
		line[n++] = '\r';
	if (flags & 0x80) {
		times = input_byte(input);
		if (times % 2)
			line[n++] = '\n';
		times = times / 8 + 1;
	}
	for (unsigned int i = 0; i < times; i++)
		receive(life, line, n, flags & 0x10 ? 1 : sizeof(line));
}

/* The whole set-up, which random lines find rarely. */
static void act_setup(struct life *life, struct input *input)
{
	static const char steps[][20] = {
		"AT+BAC=1,2\r", "AT+CIND=?\r",   "AT+CIND?\r",  "AT+CMER=3,0,0,1\r",
		"AT+CHLD=?\r",  "AT+BIND=1,2\r", "AT+BIND=?\r", "AT+BIND?\r",
		"AT+CMEE=1\r",  "AT+CLIP=1\r",   "AT+CCWA=1\r", "AT+VGS=9\r",
	};
	unsigned int how = input_byte(input);
	unsigned int features = how & 1 ? input_u16(input) & 0x3ff : 0x3ff;
	unsigned int skipped = (how & 6) == 6 ? input_u16(input) : 0;
	char brsf[32];

	(void)snprintf(brsf, sizeof(brsf), "AT+BRSF=%u\r", features);
	receive(life, brsf, strlen(brsf), sizeof(brsf));
	for (size_t i = 0; i < N(steps); i++) {
		if (!(skipped & 1u << i))
			receive(life, steps[i], strlen(steps[i]), 64);
		check(life); /* as a headset does, which waits for each answer */
	}
}

/* Others than the headset's lines write nothing while a result is owed. */
static bool held_back(struct life *life)
{
	const char *bytes;

	return life->reads && ag_output(life->ag, &bytes) == 0 && owed(life) > 0;
}

static void check_held_back(struct life *life, bool held)
{
	const char *bytes;

	if (held && !life->ended)
		CHECK(ag_output(life->ag, &bytes) == 0);
}

static void act_calls(struct life *life, struct input *input)
{
	struct ag_call calls[N_CALLS];
	size_t n = input_below(input, 8) < 7 ? input_below(input, 5) : input_below(input, N_CALLS);
	bool held = held_back(life);

	life->n_calls = 0;
	for (size_t i = 0; i < n; i++) {
		struct ag_call *call = &calls[i];
		unsigned int what = input_byte(input);
		const char *number = numbers[input_below(input, N(numbers))];
		size_t n_number = strlen(number) < AG_NUMBER_SIZE ? strlen(number) : AG_NUMBER_SIZE;

		/* not ended: the gateway must end them */
		memset(call, 'x', sizeof(*call));
		call->id = n > AG_MAX_CALLS / 2 ? (uint32_t)i + 1 : 1 + what / 6 % 8;
		call->state = (enum ag_call_state)(what % 6);
		call->incoming = what & 1;
		call->multiparty = what & 2;
		memcpy(call->number, number, n_number);
		for (size_t k = 0; k < what / 16; k++)
			call->name[k] = (char)input_byte(input);
		if (n_number < AG_NUMBER_SIZE)
			call->number[n_number] = '\0';
		/* the model: the first of an id counts, and as many as there is room for */
		if (!known_call(life, call->id) && life->n_calls < AG_MAX_CALLS)
			life->calls[life->n_calls++] = *call;
	}
	ag_set_calls(life->ag, calls, n, life->now_ms);
	check_held_back(life, held);
}

/* One request, one result. That of a request which was given up meanwhile changes nothing. */
static void finish(struct life *life, enum ag_result result)
{
	unsigned int late = life->ag->late;
	const char *bytes;
	size_t n = ag_output(life->ag, &bytes);

	CHECK(late <= life->open + asks_queued(life->ag));
	life->open--;
	ag_finish(life->ag, result, life->now_ms);
	if (late > 0)
		CHECK(life->ag->late == late - 1 && ag_output(life->ag, &bytes) == n);
}

static void act_finish(struct life *life, struct input *input)
{
	static const enum ag_result results[] = {
		AG_RESULT_OK,
		AG_RESULT_OK,
		AG_RESULT_FAILURE,
		AG_RESULT_NOT_ALLOWED,
		AG_RESULT_NOT_SUPPORTED,
		AG_RESULT_INVALID_INDEX,
		AG_RESULT_NO_NETWORK,
		AG_RESULT_TIMEOUT,
	};
	enum ag_result result = results[input_below(input, N(results))];

	if (life->open > 0) {
		finish(life, result);
	} else if (life->reads && life->takes) {
		/* nothing was asked for: ignored */
		const char *bytes;

		ag_finish(life->ag, result, life->now_ms);
		CHECK(life->ended || ag_output(life->ag, &bytes) == 0);
	}
}

static void act_state(struct life *life, struct input *input)
{
	unsigned int what = input_below(input, 8), value = input_byte(input);
	const struct ag_status status = {
		.service = value & 1,
		.roaming = value & 2,
		.signal = (uint8_t)(value >> 2 & 7),
		.battery = (uint8_t)(value >> 5),
	};
	bool held = held_back(life);

	switch (what) {
	case 0:
		ag_set_speaker_gain(life->ag, value % 18, life->now_ms);
		break;
	case 1:
		ag_set_microphone_gain(life->ag, value % 18, life->now_ms);
		break;
	case 2:
		ag_select_codec(life->ag, (enum ag_codec)(value % 5), life->now_ms);
		break;
	case 3:
		ag_set_audio(life->ag, value & 1, life->now_ms);
		break;
	case 4:
		ag_set_in_band_ring(life->ag, value & 1, life->now_ms);
		break;
	case 5:
		ag_set_voice(life->ag, value & 1, life->now_ms);
		break;
	case 6:
		ag_set_status(life->ag, &status, life->now_ms);
		break;
	case 7:
		ag_trace(life->ag, value & 1);
		if (value & 2)
			ag_ring_once(life->ag);
		break;
	}
	check_held_back(life, held);
}

static void tick(struct life *life)
{
	ag_tick(life->ag, life->now_ms);
	CHECK(ag_deadline(life->ag) > life->now_ms);
}

/* Time passes with a tick at each deadline, or late with one, or with none yet. */
static void act_time(struct life *life, struct input *input)
{
	static const unsigned int scale[] = { 1, 10, 100, 500 };
	unsigned int how = input_byte(input);
	uint64_t end_ms = life->now_ms + input_byte(input) * (uint64_t)scale[how % 4];

	for (unsigned int ticks = 0; how & 4 && ag_deadline(life->ag) <= end_ms; ticks++) {
		CHECK(ticks < 4096);
		if (ag_deadline(life->ag) > life->now_ms)
			life->now_ms = ag_deadline(life->ag);
		tick(life);
		check(life);
	}
	life->now_ms = end_ms;
	if (how & 8)
		tick(life);
}

static void act_partner(struct life *life, struct input *input)
{
	unsigned int what = input_byte(input);

	if (what & 1)
		take_output(life, input_byte(input));
	life->reads = !(what & 2);
	life->takes = !(what & 4);
	life->stale = true;
}

/* One read that is short, on a quiet connection with few calls, can never be too much. */
static void check_not_overflowed(const struct life *life, bool quiet)
{
	if (quiet && life->act_bytes <= 64 && life->n_calls <= 4)
		CHECK(!ag_overflowed(life->ag));
}

static void act(struct life *life, struct input *input)
{
	const char *bytes;
	bool quiet = owed(life) == 0 && ag_output(life->ag, &bytes) == 0;

	life->act_bytes = 0;
	switch (input_below(input, 16)) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
	case 5:
		act_line(life, input);
		break;
	case 6:
		act_raw(life, input);
		break;
	case 7:
		act_setup(life, input);
		break;
	case 8:
	case 9:
		act_calls(life, input);
		break;
	case 10:
	case 11:
		act_finish(life, input);
		break;
	case 12:
		act_state(life, input);
		break;
	case 13:
	case 14:
		act_time(life, input);
		break;
	case 15:
		act_partner(life, input);
		break;
	}
	check_not_overflowed(life, quiet);
	check(life);
}

/* ---- the end ------------------------------------------------------------------------------ */

/* All results are given, or never: the gateway's own time limit ends it then. */
static void settle(struct life *life, bool by_time)
{
	unsigned int rounds = 0;

	life->reads = life->takes = true;
	check(life);
	while (!life->ended && owed(life) > 0) {
		CHECK(++rounds < 65536);
		if (by_time || life->open == 0) {
			CHECK(ag_deadline(life->ag) != UINT64_MAX);
			if (ag_deadline(life->ag) > life->now_ms)
				life->now_ms = ag_deadline(life->ag);
			tick(life);
			/* what was given up may be answered late */
			if (life->open > MAX_OPEN / 2)
				finish(life, AG_RESULT_OK);
		} else {
			finish(life, AG_RESULT_OK);
		}
		check(life);
	}
	/* the late ones; each is ignored */
	while (!life->ended && life->open > 0) {
		finish(life, AG_RESULT_OK);
		check(life);
	}
}

static void check_still_works(struct life *life)
{
	unsigned int finals, oks, listed;

	if (life->ended)
		return;
	receive(life, "\r", 1, 1); /* whatever was begun */
	settle(life, false);
	if (life->ended)
		return;
	finals = life->results.finals;
	oks = life->results.oks;
	listed = life->results.listed;
	receive(life, "AT\r", 3, 3);
	check(life);
	CHECK(life->results.finals == finals + 1 && life->results.oks == oks + 1);
	CHECK(life->results.n == 0);

	if (life->ag->profile != AG_HFP || !ag_slc_up(life->ag))
		return;
	receive(life, "AT+CLCC\r", 8, 8);
	check(life);
	CHECK(life->results.oks == oks + 2);
	CHECK(life->results.listed == listed + life->n_calls);
	receive(life, "AT+CMER=3,0,0,1\r", 16, 16);
	check(life);
	check_indicators(life);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint16_t versions[] = { 0, 0x0105, 0x0106, 0x0107, 0x0108, 0x0109 };
	struct input input = { data, n };
	unsigned int flags = input_byte(&input);
	const struct ag_config config = {
		.profile = flags & 1 ? AG_HSP : AG_HFP,
		.version = versions[input_below(&input, N(versions))],
		.wide_band_speech = flags & 2,
		.in_band_ring = flags & 4,
		.can_dial = flags & 8,
		.conference = flags & 16,
		.voice_recognition = flags & 32,
		.noise_reduction = flags & 64,
		.quirks = flags & 128 ? n % 128 : 0,
		.operator_name = flags & 128
					 ? "a\r\nb\"c \xc3\xa9\xc3\xa9 a long name of an operator"
					 : NULL,
		.own_number = flags & 128 ? "tel:+49 (30) 1;x=\"" : NULL,
	};
	struct life life = { .now_ms = 1000, .reads = true, .takes = true };

	life.results.setup_again = config.quirks & QUIRK_SETUP_AGAIN;
	life.ag = ag_new(&config, life.now_ms);
	CHECK(life.ag);
	watching = true;
	check(&life);
	while (!input_empty(&input) && !life.ended)
		act(&life, &input);
	settle(&life, n % 4 == 0);
	check_still_works(&life);
	watching = false;
	ag_free(life.ag);
	return 0;
}
