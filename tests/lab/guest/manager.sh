# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
#
# systemd becomes the first process, as the distribution has it, and plays the scenario as one of its
# services. The scenario's units and drop-ins are in SCENARIO.d, as below /etc/systemd.
# shellcheck disable=SC2154

cp -a "$share/guest/$scenario.d/." /etc/systemd/
# A first boot would set up what is set up, and there is no hardware to wait for.
dbus-uuidgen --ensure=/etc/machine-id
for unit in systemd-udevd systemd-udev-trigger systemd-hwdb-update systemd-journal-flush \
	systemd-journal-catalog-update systemd-sysusers systemd-update-done systemd-networkd \
	systemd-timesyncd systemd-random-seed systemd-update-utmp systemd-modules-load \
	systemd-remount-fs; do
	ln -sf /dev/null "/etc/systemd/system/$unit.service"
done
exec /usr/lib/systemd/systemd --unit=lab.target --show-status=no
