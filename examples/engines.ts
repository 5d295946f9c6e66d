/** Two engines in one process: TLS without sockets, bytes handed over by hand. Run: npx tsx examples/engines.ts */

import { loadCore, type Engine } from "../bindings/node.ts"; // yours: from "xtls"

const core = await loadCore();
using juliet = core.createIdentity({ jid: "juliet@capulet.example" });
using romeo = core.createIdentity({ jid: "romeo@montague.example" });

using initiator = core.engine({ role: "initiator", identity: juliet });
using responder = core.engine({ role: "responder", identity: romeo });

/** What the network would do. */
const carry = (from: Engine, to: Engine): void => to.feed(from.drain());

while (initiator.pending + responder.pending > 0) {
  carry(initiator, responder);
  carry(responder, initiator);
}
console.log(initiator.negotiated);
console.log(`Juliet speaks with ${initiator.peer?.jids}, ${initiator.peer?.fingerprint}`);

initiator.write(new TextEncoder().encode("O Romeo, Romeo! wherefore art thou Romeo?"));
carry(initiator, responder);
console.log(`Romeo hears: ${new TextDecoder().decode(responder.read())}`);
