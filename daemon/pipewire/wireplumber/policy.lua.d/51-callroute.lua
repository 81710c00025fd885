-- SPDX-License-Identifier: MIT
-- SPDX-FileCopyrightText: callroute contributors
--
-- WirePlumber 0.4: callrouted puts a headset into headset mode for a call and back after it, so
-- WirePlumber does not do so for every stream that records.

bluetooth_policy.policy["media-role.use-headset-profile"] = false
