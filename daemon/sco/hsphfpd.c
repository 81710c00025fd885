/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The service itself: its name, its root object, and the applications that register audio agents.
 * An application is followed through its own object manager; when it leaves the bus it is forgotten,
 * and the links that it had are closed.
 *
 * Source of the interfaces: hsphfpd.txt of the hsphfpd prototype, and what PipeWire's client insists
 * on. PipeWire blocks in RegisterApplication, so that it is answered before anything is asked back.
 */
#include "hsphfpd-private.h"

#include "daemon/log.h"

#include <errno.h>
#include <pipewire/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANAGER_INTERFACE "org.hsphfpd.ApplicationManager"
/* How long PipeWire may take to register. */
#define UNHEARD_S 2
#define MAX_APPLICATIONS 16
#define MAX_AGENTS 8 /* of one application */

const char *hsphfpd_air_codec(enum sco_codec codec)
{
	return codec == SCO_TRANSPARENT ? "mSBC" : "CVSD";
}

const char *hsphfpd_agent_codec(enum sco_codec codec)
{
	return codec == SCO_TRANSPARENT ? "mSBC" : "PCM_s16le_8kHz";
}

/* ---- audio agents -------------------------------------------------------------------------- */

static struct agent *find_untried(struct hsphfpd *service, enum sco_codec codec, const char *sender)
{
	struct application *application;
	struct agent *agent;

	spa_list_for_each (application, &service->applications, link) {
		if (application->gone || (sender && strcmp(application->sender, sender) != 0))
			continue;
		spa_list_for_each (agent, &application->agents, link)
			if (agent->codec == codec && !agent->tried)
				return agent;
	}
	return NULL;
}

struct agent *hsphfpd_agent_find(struct hsphfpd *service, enum sco_codec codec, const char *sender)
{
	struct agent *agent = find_untried(service, codec, sender);

	return agent ? agent : find_untried(service, codec, NULL);
}

void hsphfpd_agents_untry(struct hsphfpd *service)
{
	struct application *application;
	struct agent *agent;

	spa_list_for_each (application, &service->applications, link)
		spa_list_for_each (agent, &application->agents, link)
			agent->tried = false;
}

bool hsphfpd_has_agent(const struct hsphfpd *service, enum sco_codec codec)
{
	const struct application *application;
	const struct agent *agent;

	spa_list_for_each (application, &service->applications, link)
		if (!application->gone)
			spa_list_for_each (agent, &application->agents, link)
				if (agent->codec == codec)
					return true;
	return false;
}

static void agent_free(struct agent *agent)
{
	spa_list_remove(&agent->link);
	agent->application->n_agents--;
	agent->application->service->n_agents--;
	free(agent);
}

static void tell_agents(struct hsphfpd *service)
{
	if (service->events->agents)
		service->events->agents(service->data, service->n_agents);
}

static int take_codec(void *data, const char *key, DBusMessageIter *value)
{
	if (strcmp(key, "AgentCodec") == 0)
		(void)bus_read_basic(value, DBUS_TYPE_STRING, data);
	return 0;
}

static void on_agent_added(void *data, const char *path, const char *interface,
			   DBusMessageIter *properties)
{
	struct application *application = data;
	const char *codec = NULL;
	struct agent *agent;

	if (strcmp(interface, HSPHFPD_AGENT_INTERFACE) != 0 || application->gone)
		return;
	(void)bus_read_dict(properties, take_codec, &codec);
	if (!codec || (strcmp(codec, hsphfpd_agent_codec(SCO_CVSD)) != 0 &&
		       strcmp(codec, hsphfpd_agent_codec(SCO_TRANSPARENT)) != 0)) {
		log_info("Audio agent %s%s: codec %s is of no use here", application->sender, path,
			 codec ? codec : "(none)");
		return;
	}
	if (application->n_agents == MAX_AGENTS || strlen(path) >= HSPHFPD_PATH_SIZE) {
		log_warning("%s has too many audio agents, ignoring one", application->sender);
		return;
	}
	agent = calloc(1, sizeof(*agent));
	if (!agent) {
		log_error("No memory for an audio agent, continuing without it");
		return;
	}
	agent->application = application;
	agent->codec =
		strcmp(codec, hsphfpd_agent_codec(SCO_CVSD)) == 0 ? SCO_CVSD : SCO_TRANSPARENT;
	(void)snprintf(agent->path, sizeof(agent->path), "%s", path);
	spa_list_append(&application->agents, &agent->link);
	application->n_agents++;
	application->service->n_agents++;
	log_info("Audio agent %s%s for %s", application->sender, path, codec);
	tell_agents(application->service);
}

static void on_agent_removed(void *data, const char *path, const char *interface)
{
	struct application *application = data;
	struct agent *agent;

	if (strcmp(interface, HSPHFPD_AGENT_INTERFACE) != 0)
		return;
	spa_list_for_each (agent, &application->agents, link) {
		if (strcmp(agent->path, path) == 0) {
			agent_free(agent);
			tell_agents(application->service);
			return;
		}
	}
}

/* ---- applications -------------------------------------------------------------------------- */

static void on_sender(void *data, const char *owner)
{
	struct application *application = data;
	struct hsphfpd *service = application->service;

	if (owner || application->gone)
		return;
	log_info("Audio application %s has left the bus", application->sender);
	application->gone = true;
	(void)pw_loop_signal_event(service->loop, service->kick);
	hsphfpd_audio_sender_gone(service, application->sender);
}

static const struct bus_remote_events application_events = {
	.service = on_sender,
	.added = on_agent_added,
	.removed = on_agent_removed,
};

static void application_free(struct application *application)
{
	struct hsphfpd *service = application->service;
	struct agent *agent;
	bool had_agents = application->n_agents > 0;

	bus_remote_free(application->remote);
	spa_list_consume (agent, &application->agents, link)
		agent_free(agent);
	spa_list_remove(&application->link);
	service->n_applications--;
	free(application);
	if (had_agents)
		tell_agents(service);
}

static struct application *application_find(struct hsphfpd *service, const char *sender,
					    const char *path)
{
	struct application *application;

	spa_list_for_each (application, &service->applications, link)
		if (!application->gone && strcmp(application->sender, sender) == 0 &&
		    strcmp(application->path, path) == 0)
			return application;
	return NULL;
}

static void await_application(struct hsphfpd *service, bool arm)
{
	struct timespec value = { .tv_sec = arm ? UNHEARD_S : 0 };

	(void)pw_loop_update_timer(service->loop, service->unheard, &value, NULL, false);
}

static int application_new(struct hsphfpd *service, const char *sender, const char *path)
{
	struct application *application;
	int r;

	if (service->n_applications == MAX_APPLICATIONS)
		return -ENOSPC;
	if (strlen(sender) >= HSPHFPD_BUS_NAME_SIZE || strlen(path) >= HSPHFPD_PATH_SIZE)
		return -ENAMETOOLONG;
	application = calloc(1, sizeof(*application));
	if (!application)
		return -ENOMEM;
	application->service = service;
	(void)snprintf(application->sender, sizeof(application->sender), "%s", sender);
	(void)snprintf(application->path, sizeof(application->path), "%s", path);
	spa_list_init(&application->agents);
	r = bus_remote_new(service->bus, sender, path, MAX_AGENTS, &application_events, application,
			   &application->remote);
	if (r < 0) {
		free(application);
		return r;
	}
	spa_list_append(&service->applications, &application->link);
	service->n_applications++;
	if (!service->announcing)
		await_application(service, false);
	return 0;
}

static void handle_register(struct bus_call *call, void *data)
{
	struct hsphfpd *service = data;
	const char *sender = bus_call_sender(call);
	DBusMessageIter args;
	const char *path;
	int r;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &path);
	if (application_find(service, sender, path)) {
		bus_call_error(call, HSPHFPD_ERROR("AlreadyExists"), "%s is registered", path);
		return;
	}
	r = application_new(service, sender, path);
	if (r < 0) {
		log_warning("Turned down audio application %s%s: %s", sender, path, strerror(-r));
		bus_call_error(call, HSPHFPD_ERROR("Failed"), "%s", strerror(-r));
		return;
	}
	log_info("Audio application %s%s", sender, path);
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static void handle_unregister(struct bus_call *call, void *data)
{
	struct hsphfpd *service = data;
	struct application *application;
	DBusMessageIter args;
	const char *path;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &path);
	application = application_find(service, bus_call_sender(call), path);
	if (!application) {
		bus_call_error(call, HSPHFPD_ERROR("DoesNotExist"), "%s is not registered", path);
		return;
	}
	application_free(application);
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static const struct bus_method manager_methods[] = {
	{ "RegisterApplication", "o application", "", handle_register },
	{ "UnregisterApplication", "o application", "", handle_unregister },
	{ 0 },
};

static const struct bus_interface manager_interface = {
	.name = MANAGER_INTERFACE,
	.methods = manager_methods,
};

static const struct bus_interface *const root_interfaces[] = { &manager_interface, NULL };

/* ---- our name ------------------------------------------------------------------------------ */

static void on_owner_process(void *data, DBusMessage *reply, const char *error)
{
	struct hsphfpd *service = data;
	uint32_t pid = 0;
	char path[32], name[64] = "?";
	FILE *file;

	service->asking = NULL;
	if (!error &&
	    !dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &pid, DBUS_TYPE_INVALID))
		pid = 0;
	(void)snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	file = pid ? fopen(path, "re") : NULL;
	if (file) {
		if (fgets(name, sizeof(name), file))
			name[strcspn(name, "\n")] = '\0';
		(void)fclose(file);
	}
	log_error("The bus name " HSPHFPD_SERVICE " is held by another process (%s, pid %u): "
		  "PipeWire will not hand us the sound of headsets until it ends. Stop it, or keep "
		  "hsphfpd from starting",
		  name, pid);
}

static void on_owned(void *data, const char *name, bool owned)
{
	struct hsphfpd *service = data;
	DBusMessage *message;

	if (service->announcing) {
		if (owned) {
			service->announcing = false;
			await_application(service, false);
		}
		return;
	}
	if (service->owned_told && service->owned == owned)
		return;
	service->owned = owned;
	service->owned_told = true;
	if (owned) {
		log_info("The bus name %s is ours", name);
		await_application(service, service->n_applications == 0 && !service->announced);
		service->asking = bus_pending_cancel(service->asking);
	} else if (!service->asking) {
		message = bus_message(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS,
				      "GetConnectionUnixProcessID", DBUS_TYPE_STRING, &name,
				      DBUS_TYPE_INVALID);
		if (!message || bus_send(service->bus, message, -1, on_owner_process, service,
					 &service->asking) < 0)
			log_error("The bus name %s is held by another process", name);
	}
	if (service->events->owned)
		service->events->owned(service->data, owned);
}

/* PipeWire looks whether the name is there, and only then listens to its coming; between the two it
 * misses us for good (bluez5-dbus.c of 0.3.65, of a session that starts both at once). So the name goes,
 * and comes again, once. */
static void on_unheard(void *data, uint64_t count)
{
	struct hsphfpd *service = data;

	(void)count;
	if (service->announcing) {
		/* somebody else was faster */
		service->announcing = false;
		on_owned(service, HSPHFPD_SERVICE, false);
		return;
	}
	if (!service->owned || service->n_applications > 0)
		return;
	log_info("PipeWire has not asked for the sound of headsets yet, telling it again");
	service->announced = service->announcing = true;
	bus_release_name(service->bus, HSPHFPD_SERVICE);
	if (bus_request_name(service->bus, HSPHFPD_SERVICE, on_owned, service) < 0)
		log_error("The bus name " HSPHFPD_SERVICE " cannot be asked for");
	await_application(service, true);
}

static void on_kick(void *data, uint64_t count)
{
	struct hsphfpd *service = data;
	struct application *application, *next;

	spa_list_for_each_safe (application, next, &service->applications, link)
		if (application->gone)
			application_free(application);
	hsphfpd_audio_continue(service);
}

int hsphfpd_new(struct bus *bus, struct pw_loop *loop, const struct hsphfpd_events *events,
		void *data, struct hsphfpd **ret)
{
	struct hsphfpd *service = calloc(1, sizeof(*service));
	int r;

	if (!service)
		return -ENOMEM;
	service->bus = bus;
	service->loop = loop;
	service->events = events;
	service->data = data;
	spa_list_init(&service->applications);
	spa_list_init(&service->endpoints);
	service->probe.fd = -1;

	service->kick = pw_loop_add_event(loop, on_kick, service);
	service->closing = pw_loop_add_timer(loop, hsphfpd_link_on_closing_timer, service);
	service->unclaimed = pw_loop_add_timer(loop, hsphfpd_link_on_unclaimed_timer, service);
	service->retry = pw_loop_add_timer(loop, hsphfpd_audio_on_retry_timer, service);
	service->probing = pw_loop_add_timer(loop, hsphfpd_probe_on_timer, service);
	service->unheard = pw_loop_add_timer(loop, on_unheard, service);
	if (!service->kick || !service->closing || !service->unclaimed || !service->retry ||
	    !service->probing || !service->unheard) {
		r = -errno;
		goto fail;
	}
	r = bus_object_new(bus, "/", root_interfaces, service, &service->root);
	if (r < 0)
		goto fail;
	r = hsphfpd_power_new(service);
	if (r < 0)
		goto fail;
	/* of endpoints only, says hsphfpd.txt; a manager stays for the life of the bus */
	r = bus_object_manager_of(bus, "/", HSPHFPD_ENDPOINT_INTERFACE);
	if (r < 0 && r != -EEXIST)
		goto fail;
	r = bus_request_name(bus, HSPHFPD_SERVICE, on_owned, service);
	if (r < 0)
		goto fail;
	*ret = service;
	return 0;
fail:
	hsphfpd_free(service);
	return r;
}

struct hsphfpd *hsphfpd_free(struct hsphfpd *service)
{
	struct application *application;
	struct hsphfpd_endpoint *endpoint;

	if (!service)
		return NULL;
	if (service->root)
		bus_release_name(service->bus, HSPHFPD_SERVICE);
	service->asking = bus_pending_cancel(service->asking);
	spa_list_consume (endpoint, &service->endpoints, entry)
		hsphfpd_endpoint_free(endpoint);
	service->events = &(const struct hsphfpd_events){ 0 }; /* nothing is told from here on */
	spa_list_consume (application, &service->applications, link)
		application_free(application);
	bus_object_free(service->power);
	bus_object_free(service->root);
	if (service->kick)
		pw_loop_destroy_source(service->loop, service->kick);
	if (service->closing)
		pw_loop_destroy_source(service->loop, service->closing);
	if (service->unclaimed)
		pw_loop_destroy_source(service->loop, service->unclaimed);
	if (service->retry)
		pw_loop_destroy_source(service->loop, service->retry);
	if (service->probing)
		pw_loop_destroy_source(service->loop, service->probing);
	if (service->unheard)
		pw_loop_destroy_source(service->loop, service->unheard);
	free(service);
	return NULL;
}
