-- SPDX-License-Identifier: MIT
-- SPDX-FileCopyrightText: callroute contributors
--
-- WirePlumber 0.4: callrouted puts a headset into headset mode for a call and back after it, so
-- WirePlumber does not do so for every stream that records.

bluetooth_policy.policy["media-role.use-headset-profile"] = false

-- Endpoints for roles (50-endpoints-config.lua), where somebody has turned them on.
if next(default_policy.endpoints or {}) then
  local roles = default_policy.policy.roles or {}
  local records = false

  -- Nobody would look at the streams' targets.
  load_script("callroute/follow-targets.lua")

  for _, endpoint in pairs(default_policy.endpoints) do
    if endpoint["media.class"] == "Audio/Sink" then
      -- An endpoint takes on the channels of the default device, which are others in headset mode. Its streams
      -- lose their links then, until they end.
      endpoint["stream.dont-remix"] = true
    elseif endpoint["role"] == "Communication" then
      records = true
    end
  end

  -- Programs with a call's role play somewhere, and record nothing.
  if roles["Communication"] and not records then
    default_policy.endpoints["endpoint.communication_capture"] = {
      ["media.class"] = "Audio/Source",
      ["role"] = "Communication",
      ["stream.dont-remix"] = true,
    }
  end
end
