/**
 * Prosody (Debian package `prosody`) in a private folder.
 *
 * https://prosody.im/doc/configure
 */

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { type Place, type Program, startDaemon } from "./daemon.ts";
import { COMPONENT_DOMAIN, DOMAIN, type Server, STANZA_SIZE_LIMIT } from "./server.ts";

const run = promisify(execFile);

const program: Program = {
  name: "prosody",
  websocketPath: "/xmpp-websocket",
  files: (place) => ({ "prosody.cfg.lua": configuration(place) }),
  command: (place) => ({ argv: ["prosody", "--config", join(place.folder, "prosody.cfg.lua")] }),
  register: async (place, { username, password }) => {
    await run("prosodyctl", [
      "--config",
      join(place.folder, "prosody.cfg.lua"),
      "register",
      username,
      DOMAIN,
      password,
    ]);
  },
};

export function startProsody(): Promise<Server> {
  return startDaemon(program);
}

// Nagle off: with it a tunnel that has one <data/> in flight does 23 IQs a second.
function configuration({ folder, ports, secret }: Place): string {
  return `
run_as_root = true
pidfile = "${folder}/prosody.pid"
data_path = "${folder}/data"
certificates = "${folder}/data"
log = { warn = "*console" }

interfaces = { "127.0.0.1" }
c2s_ports = { ${ports.client} }
http_ports = { ${ports.http} }
http_interfaces = { "127.0.0.1" }
component_ports = { ${ports.component} }
component_interfaces = { "127.0.0.1" }
s2s_ports = {}
https_ports = {}
network_settings = { nagle = false }

modules_enabled = { "roster", "saslauth", "disco", "ping", "smacks", "websocket" }
modules_disabled = { "s2s", "tls" }
authentication = "internal_plain"
allow_unencrypted_plain_auth = true
c2s_require_encryption = false
consider_websocket_secure = true
http_default_host = "${DOMAIN}"
c2s_stanza_size_limit = ${STANZA_SIZE_LIMIT}

VirtualHost "${DOMAIN}"

Component "${COMPONENT_DOMAIN}"
  component_secret = "${secret}"
`;
}
