/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * See sandbox.h.
 */
#include "sandbox.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** [Application] is the first of its groups. */
#define MAX_SIZE 4096

bool sandbox_app_of(const char *text, char ret[static TALK_NAME_SIZE])
{
	static const char group[] = "[Application]", key[] = "name=";
	bool inside = false;

	for (size_t n; *text != '\0'; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		if (text[0] == '[') {
			inside = n == strlen(group) && strncmp(text, group, n) == 0;
		} else if (inside && strncmp(text, key, strlen(key)) == 0) {
			size_t length = n - strlen(key);

			if (length == 0 || length >= TALK_NAME_SIZE)
				return false;
			memcpy(ret, text + strlen(key), length);
			ret[length] = '\0';
			return true;
		}
	}
	return false;
}

bool sandbox_app(pid_t process, char ret[static TALK_NAME_SIZE])
{
	char path[64], text[MAX_SIZE + 1];
	struct stat st;
	ssize_t n = -1;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/root/.flatpak-info", (int)process);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = read(fd, text, MAX_SIZE);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return sandbox_app_of(text, ret);
}
