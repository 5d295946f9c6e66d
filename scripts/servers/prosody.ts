/**
 * Prosody (Debian package `prosody`) in a private folder.
 *
 * https://prosody.im/doc/configure
 */

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { type Place, type Program, startDaemon } from "./daemon.ts";
import { componentOf, type Server, type ServerOptions, STANZA_SIZE_LIMIT } from "./server.ts";

const run = promisify(execFile);

const program: Program = {
  name: "prosody",
  websocketPath: "/xmpp-websocket",
  files: (place) => ({ "prosody.cfg.lua": configuration(place), "mod_s2s_routes.lua": ROUTES }),
  command: (place) => ({ argv: ["prosody", "--config", join(place.folder, "prosody.cfg.lua")] }),
  register: async ({ folder, domain }, { username, password }) => {
    const config = join(folder, "prosody.cfg.lua");
    await run("prosodyctl", ["--config", config, "register", username, domain, password]);
  },
};

export function startProsody(options?: ServerOptions): Promise<Server> {
  return startDaemon(program, options);
}

/** Prosody 0.12 asks no name server but the system's: this module answers for the domains that are here. */
const ROUTES = `
module:set_global();
local service, manual = require "net.resolvers.service", require "net.resolvers.manual";
local routes, lookup = module:get_option("s2s_routes", {}), service.new;
function service.new(domain, ...)
  if routes[domain] then return manual.new({ { "tcp", "127.0.0.1", routes[domain] } }); end
  return lookup(domain, ...);
end
function module.unload() service.new = lookup; end
`;

// Nagle off: with it a tunnel that has one <data/> in flight does 23 IQs a second.
function configuration(place: Place): string {
  const { domain, folder, ports, secret, federation } = place;
  return `
run_as_root = true
pidfile = "${folder}/prosody.pid"
data_path = "${folder}/data"
certificates = "${federation?.certificates ?? `${folder}/data`}"
log = { warn = "*console" }

interfaces = { "127.0.0.1" }
c2s_ports = { ${ports.client} }
http_ports = { ${ports.http} }
http_interfaces = { "127.0.0.1" }
component_ports = { ${ports.component} }
component_interfaces = { "127.0.0.1" }
${peers(place)}
https_ports = {}
network_settings = { nagle = false }

modules_enabled = { "roster", "saslauth", "disco", "ping", "smacks", "websocket"${modules(federation)} }
modules_disabled = { ${federation ? "" : '"s2s", "tls"'} }
authentication = "internal_plain"
allow_unencrypted_plain_auth = true
c2s_require_encryption = false
consider_websocket_secure = true
http_default_host = "${domain}"
c2s_stanza_size_limit = ${STANZA_SIZE_LIMIT}

VirtualHost "${domain}"

Component "${componentOf(domain)}"
  component_secret = "${secret}"
`;
}

function modules(federation: Place["federation"]): string {
  if (federation === undefined) return "";
  return `, "s2s_routes", "dialback"${federation.certificates ? ', "tls"' : ""}`;
}

// A context for clients that cannot be made leaves them without STARTTLS, as tests without federation have it.
function peers({ folder, ports, federation }: Place): string {
  if (federation === undefined) return "s2s_ports = {}";
  const routes = Object.entries(federation.routes).map(([domain, port]) => `["${domain}"] = ${port}`);
  return `
plugin_paths = { "${folder}" }
s2s_ports = { ${ports.peers} }
s2s_interfaces = { "127.0.0.1" }
s2s_routes = { ${routes.join(", ")} }
s2s_require_encryption = ${federation.certificates !== undefined}
s2s_secure_auth = false
c2s_ssl = { certificate = "${folder}/none", key = "${folder}/none" }`;
}
