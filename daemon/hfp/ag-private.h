/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the gateway's files share: one headset's state, and what each file does for the others.
 *
 * May be used by: the files of daemon/hfp/, and the fuzzer that checks their bounds.
 *
 * The model: a line is run command by command. A handler answers with a final result, or leaves
 * the command pending with an event for the caller. Nothing unsolicited is ever queued as text:
 * ag_sync() compares what the headset knows with what is, and writes the difference, and it runs
 * only between commands. Holding back is therefore doing nothing.
 */
#ifndef CALLROUTE_AG_PRIVATE_H
#define CALLROUTE_AG_PRIVATE_H

#include "daemon/hfp/ag.h"
#include "daemon/hfp/at.h"
#include "daemon/hfp/quirks.h"

#define AG_OUTPUT_SIZE 8192
#define AG_QUEUE_SIZE 2048 /* bytes of lines that wait for the pending one */
#define AG_QUEUE_LINES 16
#define AG_MAX_DROPPED 64 /* lines beyond that, each still owed its ERROR */
#define AG_MAX_EVENTS 32
#define AG_MAX_DTMF 32

#define AG_PENDING_MS 10000
#define AG_RING_MS 3000
#define AG_SLC_BIND_MS 500 /* BIND was promised and does not come: some car kits */
#define AG_SLC_CHLD_MS 2000
#define AG_SETUP_AGAIN_MS 500 /* between the end of a call and what is said again of the next */
#define AG_SWAP_MS 1000       /* a swap that nobody reports is told to the headset all the same */
#define AG_BCS_MS 3000        /* an offer is not answered */
#define AG_BCS_CVSD_MS 1000

/* Not a final result: it will follow through ag_finish(). */
#define AG_PENDING (-1)

/** +BRSF of the gateway and of the hands-free unit are different sets (HFP 1.8 §4.34.2). */
struct ag_features {
	uint32_t bits;
};
struct hf_features {
	uint32_t bits;
};

enum {
	AG_THREE_WAY = 1 << 0,
	AG_NOISE_REDUCTION = 1 << 1,
	AG_VOICE_RECOGNITION = 1 << 2,
	AG_IN_BAND_RING = 1 << 3,
	AG_REJECT = 1 << 5,
	AG_CALL_STATUS = 1 << 6,
	AG_CALL_CONTROL = 1 << 7,
	AG_EXTENDED_ERRORS = 1 << 8,
	AG_CODEC_NEGOTIATION = 1 << 9,
	AG_HF_INDICATORS = 1 << 10,
	AG_ESCO_S4 = 1 << 11,
};

enum {
	HF_THREE_WAY = 1 << 1,
	HF_VOICE_RECOGNITION = 1 << 3,
	HF_REMOTE_VOLUME = 1 << 4,
	HF_CODEC_NEGOTIATION = 1 << 7,
	HF_HF_INDICATORS = 1 << 8,
};

/** In the order of AT+CIND=?; +CIEV counts from 1 (HFP 1.8 §4.2.1.3). */
enum ag_indicator {
	IND_SERVICE,
	IND_CALL,
	IND_CALLSETUP,
	IND_CALLHELD,
	IND_SIGNAL,
	IND_ROAM,
	IND_BATTCHG,
	IND_COUNT,
};

/** What all calls together are; what a command may do depends on it. Bits, for masks. */
enum ag_situation {
	SITUATION_IDLE = 1 << 0,
	SITUATION_INCOMING = 1 << 1,
	SITUATION_DIALING = 1 << 2, /* dialled or alerting, whatever else there is */
	SITUATION_ACTIVE = 1 << 3,
	SITUATION_HELD = 1 << 4,
	SITUATION_ACTIVE_WAITING = 1 << 5,
	SITUATION_ACTIVE_HELD = 1 << 6,
	SITUATION_HELD_WAITING = 1 << 7,
	SITUATION_ANY = (1 << 8) - 1,
};

/** A slot is a +CLCC index less one, and is kept for the life of the call. */
struct ag_slot {
	bool used;
	bool announced;   /* by +CCWA */
	uint32_t arrival; /* counts up: who came first */
	struct ag_call call;
};

struct ag_gain {
	int wanted; /* -1: nobody said */
	int known;  /* to the headset; -1: nothing */
	bool heard; /* the headset itself spoke of it */
};

struct ag_queued {
	uint16_t n;
	bool too_long;
};

struct ag {
	enum ag_profile profile;
	uint16_t version;
	bool can_dial;
	bool conference;
	unsigned int quirks;
	struct ag_features features; /* ours, as said in +BRSF */
	struct hf_features hf;
	char operator_name[16 * 4 + 1];
	char own_number[AG_NUMBER_SIZE]; /* as it is sent */

	/* the line being run */
	struct at_framer framer;
	struct at_line line;
	bool running;             /* .line is not finished yet */
	bool pending;             /* its current command waits for ag_finish() */
	enum ag_event_type asked; /* what was asked for */
	uint32_t asked_value;
	uint64_t pending_deadline;
	unsigned int late;          /* results that will come for commands we gave up */
	char dtmf[AG_MAX_DTMF + 1]; /* digits of the pending AT+VTS, not yet asked for */

	/* lines that wait */
	struct ag_queued queued[AG_QUEUE_LINES];
	unsigned int n_queued;
	unsigned int n_dropped;
	size_t queue_bytes;
	char queue[AG_QUEUE_SIZE];

	/* out */
	size_t n_output;
	bool overflowed;
	bool trace;
	unsigned int first_event;
	unsigned int n_events;

	/* the service level connection */
	bool got_brsf, got_cind, got_cmer, got_chld, got_bind;
	bool slc_up;
	uint64_t slc_deadline; /* count it as up then; UINT64_MAX: not yet */
	uint64_t
		resume_deadline; /* until then it is told nothing, but of a call; UINT64_MAX: not so */
	bool reports;            /* AT+CMER */
	bool extended_errors;    /* AT+CMEE */
	bool clip;
	bool ccwa;

	/* indicators */
	struct ag_status status;
	uint8_t known[IND_COUNT];
	bool masked[IND_COUNT]; /* AT+BIA */

	/* calls */
	struct ag_slot slots[AG_MAX_CALLS];
	uint32_t arrivals;
	uint32_t ringing; /* id of the call that RING is sent for, 0 for none */
	uint64_t ring_due;
	bool resumed, held;     /* since callheld was told last: some call was */
	bool setup_again;       /* callsetup=1 is to be repeated before the next RING */
	bool swapped;           /* callheld=1 is to be repeated */
	uint64_t swap_deadline; /* a swap was promised; UINT64_MAX: none */

	struct ag_gain speaker;
	struct ag_gain microphone;
	bool audio;
	bool in_band_ring;
	bool in_band_known;
	bool voice;
	bool voice_known;
	bool noise_reduction_off;

	/* codecs, bit sets of 1 << enum ag_codec; codecs as numbers, 0 for none */
	unsigned int hf_codecs;
	unsigned int codec_selected;
	unsigned int codec_wanted;
	unsigned int codec_offered;
	unsigned int codec_given_up; /* the offer before, whose answer may still come */
	bool codec_unsent;           /* the offer is to be written */
	uint64_t codec_deadline;
	unsigned int codec_refusals; /* in this negotiation */
	unsigned int codec_silences; /* in this service level connection */

	char output[AG_OUTPUT_SIZE];
	struct ag_event events[AG_MAX_EVENTS];
};

/* ag.c */

/** One result code, framed (HFP 1.8 §4.34.1). */
void ag_send(struct ag *ag, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Tell the caller. False where there is no room; what only states something replaces its like. */
bool ag_emit(struct ag *ag, const struct ag_event *event);
/** Tell the caller a value. */
void ag_emit_value(struct ag *ag, enum ag_event_type type, unsigned int value);
/** Ask the caller; for handlers to return: AG_PENDING, or AG_RESULT_FAILURE without room. */
int ag_ask(struct ag *ag, const struct ag_event *event, uint64_t now_ms);
/** Write what the headset does not know yet, if that may be written now. */
void ag_sync(struct ag *ag, uint64_t now_ms);
/** A part of the service level connection's set-up was done: is it up? */
void ag_slc_step(struct ag *ag, uint64_t now_ms);
/** As at the start: a new +BRSF. */
void ag_slc_reset(struct ag *ag);

/* ag-commands.c */

/** One command: a final result, or AG_PENDING. */
int ag_command(struct ag *ag, struct at_command *command, uint64_t now_ms);
struct ag_features ag_own_features(const struct ag_config *config);

/* handlers for the table; each gets a command whose form and preconditions hold */
typedef int (*ag_handler)(struct ag *ag, struct at_args *args, uint64_t now_ms);

/* ag-slc.c */
int ag_brsf_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_cind_test(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_cind_read(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_cmer_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_chld_test(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_bind_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_bind_test(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_bind_read(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_biev_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_bia_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
/** The value of an indicator now. */
uint8_t ag_indicator(const struct ag *ag, enum ag_indicator indicator);
/** +CIEV for one indicator, where the headset does not know and wants to. */
void ag_report(struct ag *ag, enum ag_indicator indicator);

/* ag-calls.c: what the headset is told */
enum ag_situation ag_calls_situation(const struct ag *ag);
uint8_t ag_calls_indicator(const struct ag *ag, enum ag_indicator indicator);
/** +CCWA, +CIEV for call, callsetup and callheld, RING and +CLIP. */
void ag_calls_sync(struct ag *ag, uint64_t now_ms);
/** When it has something to do by itself. */
uint64_t ag_calls_deadline(const struct ag *ag);
/** The call with that +CLCC index, from 1; NULL for none. */
const struct ag_call *ag_calls_at(const struct ag *ag, uint32_t index);
/** The call that rings and is not waiting, or NULL. */
const struct ag_call *ag_calls_incoming(const struct ag *ag);
/** Whom AT+CHUP ends: active, else dialled, else ringing; NULL where there is none. */
const struct ag_call *ag_calls_to_end(const struct ag *ag);

/* ag-party.c: whom a call is with */
/** Only digits, * # A to D and a leading +: a number in @ret of AG_NUMBER_SIZE, or "". */
void ag_party_number(const char *party, char *ret);
/** The type of such a number, 3GPP TS 24.008 §10.5.4.7. */
int ag_party_number_type(const char *number);
/** A name for the display in @ret of AG_NAME_SIZE, "" where it has none that says more than its number. */
void ag_party_name(const struct ag_call *call, char *ret);
/** At most @max characters of UTF-8 in @ret of @size bytes, without what could end the string or the line, and
 * without what is no UTF-8. */
void ag_party_text(const char *text, size_t max, char *ret, size_t size);

/* ag-call-commands.c: what the headset may do to calls */
int ag_answer(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_chup(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_dial(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_bldn(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_chld_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_vts_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_clcc(struct ag *ag, struct at_args *args, uint64_t now_ms);
/** AT+VTS goes on with its next digit. False where there is none left. */
bool ag_vts_next(struct ag *ag, uint64_t now_ms);

/* ag-codec.c */
int ag_bac_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_bcs_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_bcc(struct ag *ag, struct at_args *args, uint64_t now_ms);
void ag_codec_reset(struct ag *ag);
void ag_codec_sync(struct ag *ag, uint64_t now_ms);
void ag_codec_tick(struct ag *ag, uint64_t now_ms);
uint64_t ag_codec_deadline(const struct ag *ag);
/** Both sides said that they negotiate. */
bool ag_negotiates(const struct ag *ag);

/* ag-vendor.c */
int ag_xapl_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_iphoneaccev_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_aplsiri_read(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_xevent_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_android_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_android_test(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_csrsf_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_csrbatt_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
/** OK whatever the arguments are. */
int ag_accept(struct ag *ag, struct at_args *args, uint64_t now_ms);

/* hsp.c */
int hsp_ckpd_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
/** A line without AT in front may be a gain (seen from HSP headsets). */
bool hsp_bare_allowed(const struct at_command *command);

/* ag-gain.c: both profiles */
int ag_vgs_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
int ag_vgm_set(struct ag *ag, struct at_args *args, uint64_t now_ms);
void ag_gain_sync(struct ag *ag);

#endif
