/**
 * ejabberd (Debian package `ejabberd`) in a private folder.
 *
 * Started by `erl` rather than `ejabberdctl`: so the node takes no part in Erlang's
 * distribution, needs neither name nor cookie, and leaves no port mapper (epmd) behind.
 * Accounts are made through its HTTP interface for the same reason.
 * https://docs.ejabberd.im/admin/configuration/
 */

import { join } from "node:path";

import { type Place, type Program, startDaemon } from "./daemon.ts";
import { componentOf, type Server, type ServerOptions, STANZA_SIZE_LIMIT } from "./server.ts";

/** Where Debian keeps the Erlang applications that ejabberd is made of. */
const ERL_LIBS = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;

const program: Program = {
  name: "ejabberd",
  websocketPath: "/xmpp-websocket",
  files: (place) => ({ "ejabberd.yml": configuration(place), inetrc: resolver(place) }),
  command: ({ folder, federation }) => ({
    argv: ["erl", "+K", "true", "-noinput", "-mnesia", "dir", `"${join(folder, "data")}"`, "-s", "ejabberd"],
    env: {
      HOME: folder,
      ERL_LIBS,
      ERL_CRASH_DUMP: join(folder, "crash.dump"),
      EJABBERD_CONFIG_PATH: join(folder, "ejabberd.yml"),
      EJABBERD_LOG_PATH: join(folder, "ejabberd.log"),
      ...(federation && { ERL_INETRC: join(folder, "inetrc") }),
    },
  }),
  register: async ({ domain, ports }, { username, password }) => {
    const answer = await fetch(`http://127.0.0.1:${ports.http}/api/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user: username, host: domain, password }),
    });
    if (!answer.ok) throw new Error(`ejabberd registered nobody: ${await answer.text()}`);
  },
};

export function startEjabberd(options?: ServerOptions): Promise<Server> {
  return startDaemon(program, options);
}

/** Erlang asks our name server alone, and for SRV records only: addresses come from the C library. */
function resolver({ federation }: Place): string {
  if (federation === undefined) return "";
  return `{lookup, [file]}.
{resolv_conf, ""}.
{hosts_file, ""}.
{nameserver, {127,0,0,1}, ${federation.nameServer}}.
`;
}

// Shapers are off: 3000 bytes a second, as shipped, would make a test of an hour.
function configuration(place: Place): string {
  const { domain, ports, secret, federation } = place;
  return `
hosts: [${domain}]
loglevel: warning
log_rotate_count: 0
auth_method: internal
auth_password_format: plain

listen:
  - port: ${ports.client}
    ip: 127.0.0.1
    module: ejabberd_c2s
    max_stanza_size: ${STANZA_SIZE_LIMIT}
    shaper: none
    starttls: false
  - port: ${ports.http}
    ip: 127.0.0.1
    module: ejabberd_http
    request_handlers:
      /xmpp-websocket: ejabberd_http_ws
      /api: mod_http_api
  - port: ${ports.component}
    ip: 127.0.0.1
    module: ejabberd_service
    shaper: none
    hosts:
      ${componentOf(domain)}:
        password: "${secret}"${federation ? LISTENER(ports.peers) : ""}
${federation ? peers(place) : ""}
api_permissions:
  accounts:
    from: [mod_http_api]
    who: [{ ip: 127.0.0.1/32 }]
    what: [register]

modules:
  mod_disco: {}
  mod_ping: {}
  mod_roster: {}
  mod_http_api: {}
  mod_stream_mgmt: {}${federation ? "\n  mod_s2s_dialback: {}" : ""}
`;
}

const LISTENER = (port: number): string => `
  - port: ${port}
    ip: 127.0.0.1
    module: ejabberd_s2s_in
    max_stanza_size: 524288
    shaper: none`;

// After one failure it would bounce everything for up to five minutes.
function peers({ domain, federation }: Place): string {
  const certificates = federation?.certificates;
  const security = certificates
    ? `s2s_use_starttls: required
certfiles: ["${certificates}/${domain}.pem", "${certificates}/${componentOf(domain)}.pem"]`
    : "s2s_use_starttls: false";
  return `outgoing_s2s_families: [ipv4]
s2s_max_retry_delay: 1
${security}
`;
}
