/**
 * `make demo`: Romeo and Juliet. Two xmpp.js clients open a tunnel through a real stream to a server
 * (SERVER=router, prosody, ejabberd or federated: two domains, one on each) and talk; a wiretap on Juliet's wire shows what the server saw, and
 * in the last act plays a server that tampers. With METHOD=x509, srp, sas or openpgp the two are strangers, and
 * get to know each other first. Ends with `demo: ok`, or fails.
 */

import { acquaintances } from "./demo/acquaintances.ts";
import { briefIq, glance, Narrator } from "./demo/narrator.ts";
import { introductionBy } from "./demo/introductions/index.ts";
import { Stage } from "./demo/stage.ts";
import { strangers } from "./demo/strangers.ts";

const TITLES: Readonly<Record<string, string>> = {
  router: "the embedded router",
  federated: "Prosody at montague.example and ejabberd at capulet.example",
};

const narrator = new Narrator();
const name = process.env["SERVER"] || "router";
const method = process.env["METHOD"] || "";
const introduce = method ? introductionBy(method) : undefined;

narrator.title(`xtls: Romeo and Juliet, through ${TITLES[name] ?? name}${method ? `, by ${method}` : ""}`);
const stage = await Stage.raise(name, narrator, method ? glance : briefIq);
try {
  await (introduce ? strangers(stage, method, introduce) : acquaintances(stage));
} finally {
  await stage.strike();
}
narrator.title("\ndemo: ok");
