/**
 * `make demo`: Romeo and Juliet. Two xmpp.js clients open a tunnel through a real stream to a server
 * (SERVER=router, prosody, ejabberd or federated: two domains, one on each) and talk; a wiretap on Juliet's wire shows what the server saw, and
 * in the last act plays a server that tampers. With METHOD=x509, srp, sas or openpgp the two are strangers, and
 * get to know each other first. Ends with `demo: ok`, or fails.
 */

import { acquaintances } from "./demo/acquaintances.ts";
import { briefIq, glance, Narrator } from "./demo/narrator.ts";
import { INTRODUCTIONS } from "./demo/introductions/index.ts";
import { Stage } from "./demo/stage.ts";
import { strangers } from "./demo/strangers.ts";

const SERVERS: Readonly<Record<string, string>> = {
  router: "the embedded router",
  prosody: "prosody",
  ejabberd: "ejabberd",
  federated: "Prosody at montague.example and ejabberd at capulet.example",
};

const narrator = new Narrator();
const name = process.env["SERVER"] || "router";
const method = process.env["METHOD"] || "";
const title = chosen("server", name, SERVERS);
const introduce = method ? chosen("method", method, INTRODUCTIONS) : undefined;

narrator.title(`xtls: Romeo and Juliet, through ${title}${method ? `, by ${method}` : ""}`);
const stage = await Stage.raise(name, narrator, method ? glance : briefIq);
try {
  await (introduce ? strangers(stage, method, introduce) : acquaintances(stage));
} finally {
  await stage.strike();
}
narrator.title("\ndemo: ok");

/** A name that is none of the choices ends the demo with those that are. */
function chosen<Choice>(what: string, wish: string, choices: Readonly<Record<string, Choice>>): Choice {
  if (Object.hasOwn(choices, wish)) return choices[wish] as Choice;
  console.error(`No ${what} "${wish}": choose ${Object.keys(choices).join(", ")}`);
  process.exit(1);
}
