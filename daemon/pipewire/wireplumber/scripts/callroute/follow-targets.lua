-- SPDX-License-Identifier: MIT
-- SPDX-FileCopyrightText: callroute contributors
--
-- WirePlumber 0.4 with endpoints for roles (default_policy.endpoints): its policy-endpoint-client.lua links
-- every stream to the endpoint of its role, all endpoints are linked to the default device, and nobody looks at
-- a stream's target. Here a stream that has one (target.object in the metadata "default") is linked to that
-- device: it is out of sight of the endpoints' policy for as long. The roles' actions still apply, since the
-- link says whose role it is to policy-endpoint-client-links.lua, which makes and breaks it like the others.
--
-- Without endpoints nothing is done: policy-node.lua follows targets by itself.

local ACTIVE = Feature.SessionItem.ACTIVE

-- by the node's id: item, its link, and the id of the device's item that this is to
local taken = {}

local endpoints_om = ObjectManager { Interest { type = "SiEndpoint" } }

local items_om = ObjectManager {
  Interest {
    type = "SiLinkable",
    Constraint { "item.factory.name", "=", "si-audio-adapter", type = "pw-global" },
    Constraint { "active-features", "!", 0, type = "gobject" },
  }
}

local links_om = ObjectManager {
  Interest {
    type = "SiLink",
    Constraint { "is.policy.endpoint.client.link", "=", true, type = "pw-global" },
  }
}

local streams_om = ObjectManager {
  Interest {
    type = "node",
    Constraint { "media.class", "#", "Stream/*/Audio", type = "pw-global" },
  }
}

local metadata_om = ObjectManager {
  Interest {
    type = "metadata",
    Constraint { "metadata.name", "=", "default" },
  }
}

local function is_active (link)
  return (link:get_active_features () & ACTIVE) ~= 0
end

-- What is just being made cannot be stopped, only broken when it is there.
local function drop (link)
  if is_active (link) then
    link:deactivate (ACTIVE)
  else
    link:connect ("notify::active-features", function (l)
      Core.idle_add (function ()
        l:deactivate (ACTIVE)
        return false
      end)
    end)
  end
  link:remove ()
end

local function find_item (id)
  if taken[id] then
    return taken[id].item
  end
  return items_om:lookup {
    Constraint { "node.id", "=", tostring (id) },
    Constraint { "item.node.type", "=", "stream" },
  }
end

-- The device that the metadata names, by its serial or its name; nil where that is not there.
local function find_target (item, name)
  for target in items_om:iterate {
    Constraint { "item.node.type", "=", "device" },
    Constraint { "item.node.direction", "!", item.properties["item.node.direction"] },
  } do
    local props = target.properties
    if props["object.serial"] == name or props["node.name"] == name then
      return target
    end
  end
  return nil
end

local function links_of (item)
  local found = {}
  for link in links_om:iterate () do
    local props = link.properties
    if tonumber (props["out.item.id"]) == item.id or tonumber (props["in.item.id"]) == item.id then
      table.insert (found, link)
    end
  end
  return found
end

-- What the roles' policy is to know of a stream: what it knew, or what the stream says.
local function role_of (item, links)
  local props = item.properties
  local output = props["item.node.direction"] == "output"
  local known = links[1] and links[1].properties or {}
  return known["media.role"] or props["media.role"] or "Default",
      known["target.media.class"] or (output and "Audio/Sink" or "Audio/Source")
end

local function link_to (id, target)
  local stream = taken[id]
  local props = stream.item.properties
  local output = props["item.node.direction"] == "output"
  local link = SessionItem ("si-standard-link")

  if not link:configure {
    ["out.item"] = output and stream.item or target,
    ["in.item"] = output and target or stream.item,
    ["out.item.port.context"] = "output",
    ["in.item.port.context"] = "input",
    ["is.policy.endpoint.client.link"] = true,
    ["media.role"] = stream.role,
    ["target.media.class"] = stream.class,
    ["item.plugged.usec"] = props["item.plugged.usec"],
  } then
    Log.warning (link, "failed to link " .. tostring (props["node.name"]) .. " to its target")
    return
  end
  stream.link = link
  stream.target = target.id
  link:register ()
end

local function unlink (id)
  local stream = taken[id]
  if stream.link then
    drop (stream.link)
  end
  stream.link = nil
  stream.target = nil
end

local function take (id, item)
  local links = links_of (item)
  local role, class = role_of (item, links)

  for _, link in ipairs (links) do
    drop (link)
  end
  taken[id] = { item = item, role = role, class = class }
  item:remove ()
end

local function give_back (id)
  local item = taken[id].item

  unlink (id)
  taken[id] = nil
  item:register ()
end

local function update (id)
  local metadata = metadata_om:lookup ()
  local item = find_item (id)
  local name = metadata and metadata:find (id, "target.object")

  if not item then
    return
  end
  local target = name and find_target (item, name)
  if target then
    if not taken[id] then
      take (id, item)
    end
    if taken[id].target ~= target.id then
      unlink (id)
      link_to (id, target)
    end
  elseif taken[id] and (not name or not taken[id].target) then
    -- a target that is still to come finds the stream where it is
    give_back (id)
  end
end

-- What is done here is told here as well, in its midst.
local busy = false
local again = false

local function update_all ()
  again = true
  if busy or endpoints_om:get_n_objects () == 0 then
    return
  end
  busy = true
  while again do
    again = false
    for node in streams_om:iterate () do
      update (node["bound-id"])
    end
  end
  busy = false
end

items_om:connect ("objects-changed", update_all)
streams_om:connect ("objects-changed", update_all)

items_om:connect ("object-removed", function (om, item)
  for id, stream in pairs (taken) do
    if stream.target == item.id then
      unlink (id)
    end
  end
  update_all ()
end)

streams_om:connect ("object-removed", function (om, node)
  local id = node["bound-id"]
  if taken[id] then
    unlink (id)
    taken[id] = nil
  end
end)

metadata_om:connect ("object-added", function (om, metadata)
  metadata:connect ("changed", function (m, subject, key, kind, value)
    if key == nil or key == "target.object" then
      update_all ()
    end
  end)
end)

endpoints_om:activate ()
items_om:activate ()
links_om:activate ()
streams_om:activate ()
metadata_om:activate ()
