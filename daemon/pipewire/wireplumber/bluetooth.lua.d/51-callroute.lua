-- SPDX-License-Identifier: MIT
-- SPDX-FileCopyrightText: callroute contributors
--
-- WirePlumber 0.4: callrouted is the audio gateway of headsets and hands their sound to PipeWire
-- through org.hsphfpd. A later file may set this again.

bluez_monitor.properties["bluez5.hfphsp-backend"] = "hsphfpd"
-- Calls of the modem are callrouted's business, too.
bluez_monitor.properties["bluez5.hfphsp-backend-native-modem"] = "none"
-- PipeWire's hsphfpd client has wide band speech only where told; headset and adapter still decide.
bluez_monitor.properties["bluez5.enable-msbc"] = true
