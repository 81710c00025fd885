/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A PipeWire that says what nobody can read: the connection is given up, and another is made.
 */
#include "daemon/pipewire/graph.h"
#include "tests/common/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <pipewire/pipewire.h>

struct server {
	struct pw_loop *loop;
	int fd;
	unsigned int n_clients;
	int clients[2];
};

static void on_client(void *data, int fd, uint32_t mask)
{
	/* object, opcode and size, sequence, descriptors: more of these than there can be */
	static const uint32_t message[] = { 0, 16, 0, 2000, 0, 0, 0, 0 };
	struct server *server = data;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	if (client < 0 || server->n_clients == 2) {
		close(client);
		return;
	}
	server->clients[server->n_clients++] = client;
	(void)send(client, message, sizeof(message), MSG_NOSIGNAL);
}

static void on_state(void *data, bool up)
{
	assert_false(up);
}

static bool came_again(void *data)
{
	return ((struct server *)data)->n_clients == 2;
}

static void test_nonsense_is_the_end_of_a_connection(void **state)
{
	static const struct graph_events events = { .state = on_state };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char folder[] = "/tmp/callroute-nonsense-XXXXXX";
	struct server server = { .clients = { -1, -1 } };
	struct spa_source *source;
	struct graph *graph;

	assert_non_null(mkdtemp(folder));
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/pipewire", folder);
	server.loop = loop_new();
	server.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server.fd, 2), 0);
	source = pw_loop_add_io(server.loop, server.fd, SPA_IO_IN, true, on_client, &server);
	assert_int_equal(setenv("PIPEWIRE_REMOTE", address.sun_path, 1), 0);
	assert_int_equal(graph_new(server.loop, &events, NULL, &graph), 0);

	assert_true(loop_until(server.loop, came_again, &server, LOOP_DEADLINE_MS));

	(void)graph_free(graph);
	pw_loop_destroy_source(server.loop, source);
	close(server.clients[0]);
	close(server.clients[1]);
	(void)unlink(address.sun_path);
	(void)rmdir(folder);
	loop_free(server.loop);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nonsense_is_the_end_of_a_connection),
	};

	pw_init(&argc, &argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
