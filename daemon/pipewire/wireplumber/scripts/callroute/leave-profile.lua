-- SPDX-License-Identifier: MIT
-- SPDX-FileCopyrightText: callroute contributors
--
-- WirePlumber 0.5: a headset whose profile callrouted has set keeps it until callrouted gives back what it
-- found. WirePlumber chooses anew whenever a card's list of profiles changes: A2DP, as soon as that is
-- there; or, with PipeWire 1.6, headset mode with a codec that the headset does not have. Either takes the
-- sound link of a call down.
--
-- callrouted notes on the card what it found (callroute.profile, in the "default" metadata).

log = Log.open_topic ("s-device")

SimpleEventHook {
  name = "device/callroute-leave-profile",
  before = { "device/find-calling-profile", "device/find-stored-profile",
             "device/find-preferred-profile", "device/find-best-profile",
             "device/apply-profile" },
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "select-profile" },
      Constraint { "device.api", "=", "bluez5" },
    },
  },
  execute = function (event)
    local device = event:get_subject ()
    local metadata_om = event:get_source ():call ("get-object-manager", "metadata")
    local metadata = metadata_om:lookup { Constraint { "metadata.name", "=", "default" } }

    if metadata and metadata:find (device["bound-id"], "callroute.profile") then
      log:info (device, "the profile is callrouted's for now")
      event:stop_processing ()
    end
  end
}:register ()
