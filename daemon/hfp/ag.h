/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The audio gateway's side of one headset's AT channel, HFP 1.8 or HSP 1.2: bytes, calls and gains
 * in; bytes and events out. No I/O, no clock, no allocation after creation; time comes in as an
 * argument and timers leave as a deadline.
 *
 * May be used by: daemon/, tests/. May not use: anything but the C library's pure parts.
 *
 * Level-triggered towards the calls: ag_set_calls() is handed all of them whenever anything
 * changed, and the gateway sends what the headset does not know yet (+CIEV, RING, +CLIP, +CCWA).
 *
 * After every input, take ag_output() to the socket, and ag_next_event() until there is none, then
 * call ag_tick() no later than ag_deadline(). Output is bounded: a headset that does not read makes
 * ag_overflowed() true, and its connection should be closed.
 */
#ifndef CALLROUTE_AG_H
#define CALLROUTE_AG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ag;

enum ag_profile { AG_HFP, AG_HSP };

/** Air codecs by their HFP ids (HFP 1.8 §4.34.1, +BAC). */
enum ag_codec { AG_CODEC_CVSD = 1, AG_CODEC_MSBC = 2, AG_CODEC_LC3_SWB = 3 };

struct ag_config {
	enum ag_profile profile;
	uint16_t version;      /* of the peer's record, 0x0107 for 1.7; 0 where unknown */
	bool wide_band_speech; /* the adapter and the audio side can carry mSBC */
	bool in_band_ring;
	bool can_dial;             /* some provider can; else ATD and AT+BLDN are refused */
	bool conference;           /* a provider can join calls; else AT+CHLD=3 is not offered */
	bool voice_recognition;    /* somebody listens to AT+BVRA; else it is refused */
	bool noise_reduction;      /* there is one on this side that AT+NREC=0 may switch off */
	unsigned int quirks;       /* of this headset: bits of enum quirk (quirks.h) */
	const char *own_number;    /* of this machine, for +CNUM; NULL, or no number: none */
	const char *operator_name; /* for +COPS, at most 16 characters kept; NULL: none */
};

/* ---- what the headset is told ------------------------------------------------------------- */

/** Values of <stat> in +CLCC, 3GPP TS 27.007 §7.18. */
enum ag_call_state {
	AG_CALL_ACTIVE,
	AG_CALL_HELD,
	AG_CALL_DIALING,
	AG_CALL_ALERTING,
	AG_CALL_INCOMING,
	AG_CALL_WAITING,
};

#define AG_MAX_CALLS 16
#define AG_NUMBER_SIZE 84
#define AG_NAME_SIZE 64

struct ag_call {
	uint32_t id;              /* the caller's, never 0; the +CLCC index is the gateway's own */
	enum ag_call_state state; /* INCOMING and WAITING are both taken as "rings"; the gateway
	                           * decides which by the other calls */
	bool incoming;
	bool multiparty;
	char number[AG_NUMBER_SIZE]; /* "" where withheld; else sent where it is a dial string */
	char name[AG_NAME_SIZE];     /* UTF-8, told with the number; "" for none */
};

/* ---- what the headset did ----------------------------------------------------------------- */

enum ag_event_type {
	AG_EVENT_SLC,         /* the service level connection is up (HSP: at creation) */
	AG_EVENT_ANSWER,      /* ATA: .call; asks for a result */
	AG_EVENT_HANGUP,      /* AT+CHUP: .call rings, is dialled or is active (of a conference, one
	                       * of it: all of its calls are meant); asks for a result */
	AG_EVENT_DIAL,        /* ATDn;: .text; asks for a result */
	AG_EVENT_DIAL_MEMORY, /* ATD>n;: .text is the index; asks for a result */
	AG_EVENT_REDIAL,      /* AT+BLDN; asks for a result */
	AG_EVENT_CHLD,        /* AT+CHLD: .value operation 0 to 3, .call for 1x and 2x, else 0; 0 is
	                       * for the ringing call where there is one, else for all held ones;
	                       * asks for a result */
	AG_EVENT_DTMF,        /* AT+VTS: .text one digit; asks for a result */
	AG_EVENT_BUTTON,      /* AT+CKPD=200 */
	AG_EVENT_SPEAKER_GAIN,    /* AT+VGS: .value 0 to 15 */
	AG_EVENT_MICROPHONE_GAIN, /* AT+VGM: .value 0 to 15 */
	AG_EVENT_CODECS,          /* AT+BAC: .value bit set of 1 << enum ag_codec */
	AG_EVENT_CODEC,   /* the codec in use is settled: .value, 0 where negotiation failed */
	AG_EVENT_AUDIO,   /* AT+BCC: the headset wants the sound; asks for a result */
	AG_EVENT_VOICE,   /* AT+BVRA: .value 0 or 1; asks for a result */
	AG_EVENT_BATTERY, /* .value percent 0 to 100 */
	AG_EVENT_NOISE_REDUCTION_OFF, /* AT+NREC=0; asks for a result */
	AG_EVENT_LINE, /* .text: a line as received or sent, for a log at debug level and for
	                       * monitors; .value 1 received, 0 sent. Only with ag_trace() on */
	AG_EVENT_MUTE, /* the microphone's mute key, by a vendor's command: .value 0 or 1 */
};

#define AG_TEXT_SIZE 128

struct ag_event {
	enum ag_event_type type;
	uint32_t call;
	unsigned int value;
	char text[AG_TEXT_SIZE];
};

/** Final results; above AG_RESULT_OK the values are those of +CME ERROR, plus 1000. */
enum ag_result {
	AG_RESULT_OK = 0,
	AG_RESULT_FAILURE = 1000,
	AG_RESULT_NOT_ALLOWED = 1003,
	AG_RESULT_NOT_SUPPORTED = 1004,
	AG_RESULT_INVALID_INDEX = 1021,
	AG_RESULT_TEXT_TOO_LONG = 1024,
	AG_RESULT_DIAL_TOO_LONG = 1026,
	AG_RESULT_DIAL_BAD_CHARACTER = 1027,
	AG_RESULT_NO_NETWORK = 1030,
	AG_RESULT_TIMEOUT = 1031,
};

/** ag_new() - @config is copied. NULL where out of memory. */
struct ag *ag_new(const struct ag_config *config, uint64_t now_ms);
/** NULL-safe; returns NULL. */
struct ag *ag_free(struct ag *ag);

/** Room for what ag_agreed() says, a word of digits, letters and full stops. */
#define AG_AGREED_SIZE 48
/** What was agreed in the service level connection, for ag_resume(); "" while it is not up. */
void ag_agreed(const struct ag *ag, char ret[static AG_AGREED_SIZE]);
/**
 * ag_resume() - go on with the service level connection of a process before this one
 * For a new gateway only. AG_EVENT_SLC follows; the headset hears of the calls as they are, and
 * where there is none, 2 s from now. False, and nothing is changed, where @agreed is no word of
 * ag_agreed() for this profile.
 */
bool ag_resume(struct ag *ag, const char *agreed, uint64_t now_ms);

/** Bytes from the headset, any split. Takes all of them. */
void ag_receive(struct ag *ag, const void *bytes, size_t n, uint64_t now_ms);

/**
 * ag_finish() - the final result of the oldest event that asked for one
 * Commands that arrive meanwhile wait, bounded; unsolicited results are held back. A second result
 * for one command is ignored. The gateway itself answers AG_RESULT_TIMEOUT after 10 s; the result
 * that comes after that is taken as the late one and ignored. So: exactly one call an event.
 */
void ag_finish(struct ag *ag, enum ag_result result, uint64_t now_ms);

/** All calls there are, at most AG_MAX_CALLS of them (more are left out). @calls is copied. */
void ag_set_calls(struct ag *ag, const struct ag_call *calls, size_t n, uint64_t now_ms);

/** signal 0 to 5, battery 0 to 5 (of this machine), service and roaming. */
struct ag_status {
	bool service;
	bool roaming;
	uint8_t signal;
	uint8_t battery;
};
void ag_set_status(struct ag *ag, const struct ag_status *status, uint64_t now_ms);
/** For +COPS from now on, as in the configuration. */
void ag_set_operator(struct ag *ag, const char *name);

/** Gains 0 to 15 towards the headset; sent only where it does not have them already. */
void ag_set_speaker_gain(struct ag *ag, unsigned int gain_0_15, uint64_t now_ms);
void ag_set_microphone_gain(struct ag *ag, unsigned int gain_0_15, uint64_t now_ms);

/** The tone is in the sound link, or no longer: +BSIR where it changes (HFP 1.8 §4.10.1). Begins as
 * in the configuration. */
void ag_set_in_band_ring(struct ag *ag, bool on, uint64_t now_ms);

/** Voice recognition began or ended on this side: +BVRA where the headset does not know. */
void ag_set_voice(struct ag *ag, bool on, uint64_t now_ms);

/** SCO is up or down; HSP's button means another thing then, and AT+BCC is refused. */
void ag_set_audio(struct ag *ag, bool up, uint64_t now_ms);

/** Start codec negotiation for @codec (HFP 1.8 §4.11.3); AG_EVENT_CODEC follows, at once where the
 * codec is settled already or the headset cannot negotiate. */
void ag_select_codec(struct ag *ag, enum ag_codec codec, uint64_t now_ms);

/** Time has come to ag_deadline(). */
void ag_tick(struct ag *ag, uint64_t now_ms);
/** When ag_tick() is due; UINT64_MAX: never. */
uint64_t ag_deadline(const struct ag *ag);

/** What is to be written; 0 bytes where nothing is. Borrowed until the next call. */
size_t ag_output(const struct ag *ag, const char **ret);
/** @n bytes were written. */
void ag_output_taken(struct ag *ag, size_t n);
bool ag_overflowed(const struct ag *ag);

/** The oldest event not yet taken; false where there is none. */
bool ag_next_event(struct ag *ag, struct ag_event *ret);

/** Ask for AG_EVENT_LINE. */
void ag_trace(struct ag *ag, bool on);

bool ag_slc_up(const struct ag *ag);
/** The bits of AT+BRSF, as the hands-free unit sent them (HFP 1.8 §4.34.2); 0 for HSP. */
uint32_t ag_hf_features(const struct ag *ag);
/** HSP: RING once, for who asks for it from outside of the calls. Nothing while a call rings anyway,
 * or in the middle of a command. */
void ag_ring_once(struct ag *ag);
/** Bit set of codecs that both sides can, at least 1 << AG_CODEC_CVSD. */
unsigned int ag_codecs(const struct ag *ag);

/** The features of our record and of +BRSF, for the profile registration (HFP 1.8 §6.3). */
uint16_t ag_sdp_features(const struct ag_config *config);

#endif
