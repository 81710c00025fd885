#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
"""./telephone.py tel:+4930123: a call rings; "active", "held" or "ended" on standard input."""
import sys

from gi.repository import Gio, GLib

PROVIDER = """<node><interface name='org.callroute.CallProvider1'>
  <method name='Answer'><arg type='o'/></method>
  <method name='Hangup'><arg type='o'/></method>
  <method name='Hold'><arg type='o'/></method>
  <method name='Unhold'><arg type='o'/></method>
  <method name='SendDtmf'><arg type='o'/><arg type='s'/></method>
  <method name='Dial'><arg type='s'/></method>
</interface></node>"""

bus = Gio.bus_get_sync(Gio.BusType.SESSION)
loop = GLib.MainLoop()
call = None


def ask(path, interface, method, *arguments):
    """A method of callroute; None where it is refused, or where there is no callroute."""
    try:
        return bus.call_sync("org.callroute", path, "org.callroute." + interface, method,
                             GLib.Variant(*arguments), None, Gio.DBusCallFlags.NONE, -1)
    except GLib.Error as error:
        print("refused:", Gio.DBusError.get_remote_error(error), flush=True)
        return None


def manager(method, *arguments):
    return ask("/org/callroute", "Manager1", method, *arguments)


def add_call(party, direction):
    """It rings, or we dial."""
    global call
    reply = manager("AddCall", "(sa{sv})", ("voip", {
        "Managed": GLib.Variant("b", True),
        "Provider": GLib.Variant("o", "/telephone"),
        "Direction": GLib.Variant("s", direction),
        "RemoteParty": GLib.Variant("s", party),
    }))
    call = reply.unpack()[0] if reply else None


def asked(connection, sender, path, interface, method, arguments, invocation):
    """A headset's button, a rule or another program: done first, then answered."""
    global call
    print(method, flush=True)
    invocation.return_value(None)
    if method == "Hangup":
        call = None
    elif method == "Dial":
        add_call(arguments.unpack()[0], "outgoing")


def typed(channel, condition):
    """What happened here, or at the other end."""
    state = sys.stdin.readline().strip()
    if not state:
        loop.quit()  # the call ends with its connection
        return False
    ask(call or "/none", "Call1", "SetState", "(s)", (state,))
    return True


bus.register_object("/telephone", Gio.DBusNodeInfo.new_for_xml(PROVIDER).interfaces[0], asked)
manager("RegisterProvider", "(oa{sv})", ("/telephone", {"Dial": GLib.Variant("b", True)}))
if len(sys.argv) > 1:
    add_call(sys.argv[1], "incoming")
GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_DEFAULT,
                  GLib.IO_IN | GLib.IO_HUP, typed)
loop.run()
