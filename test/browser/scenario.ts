/**
 * One scenario for every browser: what it takes to load the module, engines in a page and
 * in a worker, and a tunnel from a page to a client in Node.
 */

import type { Element } from "@xmpp/xml";

import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, skip, suite } from "../suite.ts";
import { clearStage, enter, identityOf, message, once } from "../xmpp/stage.ts";
import { type Browser, type BrowserName, obstacle, launch, type Tab } from "./browser.ts";
import type { Actions } from "./page/actions.ts";
import { prepare } from "./page/preparation.ts";
import { type Folder, openSite, type Site } from "./site.ts";

/** Over a full TLS record by one byte. */
const LENGTH = 16385;
/** How a page does what it is asked to: by itself, or in a module worker. */
const WAYS = { "a page": "perform", "a module worker": "performInWorker" } as const;
type Way = (typeof WAYS)[keyof typeof WAYS];

/** 4b of the mail: its message, the routing data stripped off. */
const MESSAGE =
  '<message type="chat"><thread>act2scene2chat1</thread><body>I take thee at thy word: Call me but love, and I\'ll be new ' +
  'baptized; Henceforth I never will be Romeo.</body><active xmlns="http://jabber.org/protocol/chatstates"/></message>';
const ANSWER = "What man art thou?";

/** A page, typed by what can be asked of it. */
type Page = <Name extends keyof Actions>(
  way: Way,
  name: Name,
  ...args: Parameters<Actions[Name]>
) => Promise<Awaited<ReturnType<Actions[Name]>>>;

export function scenario(name: BrowserName): void {
  const reason = obstacle(name);
  if (reason !== undefined) return skip(reason);

  const test = suite(`browser: ${name}`);
  let site: Site;
  let browser: Browser;
  let tab: Tab;

  test.before(async () => {
    site = await openSite();
    browser = await launch(name);
    tab = await browser.newPage();
  });
  test.after(async () => {
    await browser.close();
    await site.close();
  });

  async function visit(folder: Folder): Promise<Page> {
    await tab.goto(`${site.origin}${folder}/`);
    return (way, name, ...args) => tab.evaluate(`${way}(${JSON.stringify([name, ...args])})`) as Promise<never>;
  }

  for (const [place, way] of Object.entries(WAYS)) {
    test(`streams the module that lies beside the bundle, in ${place}`, async () => {
      const page = await visit("free");
      assert.equal(await page(way, "load"), { isStreamed: true });
    });

    test(`loads a module of the wrong MIME type, in ${place}`, async () => {
      const page = await visit("free");
      assert.equal(await page(way, "load", "untyped.wasm"), { isStreamed: false });
    });

    test(`names what came instead of the module, in ${place}`, async () => {
      const page = await visit("free");
      const refusals = {
        "missing.wasm": ["wasm-not-found", "missing.wasm answered 404"],
        "broken.wasm": ["wasm-not-found", "broken.wasm broke off"],
        "http://127.0.0.1:1/xtls.wasm": ["wasm-not-found", "Could not open http://127.0.0.1:1/xtls.wasm"],
        "page.wasm": ["wasm-invalid", 'text/html begin with "<!DOCTYPE html>'],
        "lying.wasm": ["wasm-invalid", "magic"],
        "cut-off.wasm": ["wasm-invalid", "not a WebAssembly module"],
      };
      for (const [source, [code, words]] of Object.entries(refusals)) {
        const refusal = await page(way, "load", source);
        assert.is(refusal.code, code, source);
        assert.match(refusal.message!, words!);
      }
    });

    test(`names a policy that lacks 'wasm-unsafe-eval', in ${place}`, async () => {
      const page = await visit("strict");
      for (const source of ["xtls.wasm", "untyped.wasm"]) {
        const refusal = await page(way, "load", source);
        assert.is(refusal.code, "wasm-blocked", source);
        assert.match(refusal.message!, "'wasm-unsafe-eval'");
      }
    });

    test(`needs no more of a policy than 'wasm-unsafe-eval', in ${place}`, async () => {
      const page = await visit("permitting");
      for (const source of ["xtls.wasm", "untyped.wasm"]) assert.is((await page(way, "load", source)).code, undefined);
    });

    test(`shakes hands and carries ${LENGTH} bytes both ways, in ${place}`, async () => {
      const page = await visit("free");
      const { peers, ...rest } = await page(way, "converse", LENGTH);
      assert.equal(rest, { version: "TLSv1.3", received: [LENGTH, LENGTH], isIntact: true });
      assert.equal(peers, ["romeo@montague.example", "juliet@capulet.example"]);
    });

    test(`keeps trust across visits, in ${place}`, async () => {
      const jid = "juliet@capulet.example";
      assert.is(await (await visit("free"))(way, "remember", way, jid, keys(0, 3)), "3");
      const page = await visit("free");
      assert.is(await page(way, "remember", way, jid, []), "3");
      assert.is(await page(way, "misremember", way, jid, keys(3, 4)[0]!), "invalid-argument");
      assert.is(await page(way, "remember", way, jid, []), "3", "what could not be read again was not written");
      for (const damaged of ["", "{", 7]) {
        await page(way, "spoil", way, damaged);
        assert.is(await page(way, "remember", way, jid, keys(3, 4)), "store-damaged");
      }
    });

    test(`opens a tunnel over the browser's WebSocket to a client in Node, from ${place}`, async () => {
      const router = await startRouter();
      try {
        await meet(router, await visit("free"), way);
      } finally {
        await clearStage();
        await router.stop();
      }
    });
  }

  test("prepares addresses as Node does, whatever character that both know", async () => {
    const page = await visit("free");
    const [first, last] = [0, 0x3ffff];
    const [ours, theirs] = [prepare(first, last), await page("perform", "prepare", first, last)];
    const known = ours.filter((line, at) => line.startsWith("known") && theirs[at]!.startsWith("known")).length;
    assert.ok(known > 150_000, `${known}`);
    for (const [at, line] of ours.entries())
      if (line !== theirs[at] && !`${line} ${theirs[at]}`.includes("unknown")) assert.is(theirs[at], line, `U+${at.toString(16)}`);
  });

  test("loses no trust when a page and its workers decide at once", async () => {
    const page = await visit("free");
    const remember = (way: Way, wanted: string[]) => page(way, "remember", "shared", "nurse@capulet.example", wanted);
    await Promise.all([
      remember("perform", keys(0, 20)),
      remember("performInWorker", keys(20, 40)),
      remember("performInWorker", keys(40, 60)),
    ]);
    assert.is(await remember("perform", []), "60");
  });

  test.run();
}

/** Fingerprints, a different one for each number. */
function keys(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, at) => String(from + at).padStart(64, "0"));
}

/** Romeo, in the browser, sends the mail's message; Juliet, in Node, answers; the server can read neither. */
async function meet(router: Router, page: Page, way: Way): Promise<void> {
  const seen: string[] = [];
  router.watch((stanza) => seen.push(String(stanza)));
  const juliet = await enter(router, "juliet");
  const heard = once<Element>((done) => juliet.tunnels.on("tunnel", (tunnel) => tunnel.on("stanza", done)));
  juliet.tunnels.on("tunnel", (tunnel) => tunnel.on("stanza", () => tunnel.send(message(ANSWER))));

  const { domain, websocket } = router;
  const [romeo, balcony] = [`romeo@${domain}`, juliet.address];
  const part = {
    account: { service: websocket, domain, resource: "orchard", ...(await router.register("romeo")) },
    pem: (await identityOf(romeo)).toPEM(),
    pins: { [`juliet@${domain}`]: juliet.identity.spkiFingerprint },
    peer: balcony,
  };
  const { heard: answer, ...security } = await page(way, "exchange", part, MESSAGE);

  assert.equal(security, { version: "TLSv1.3", trust: "verified" });
  assert.is(String(await heard), addressed(MESSAGE, `${romeo}/orchard`, balcony));
  assert.is(answer, addressed(String(message(ANSWER)), balcony, `${romeo}/orchard`));
  assert.match(seen.join(), "urn:xmpp:tmp:xtls");
  for (const secret of ["Henceforth", ANSWER]) assert.not(seen.join().includes(secret));
}

/** A stanza as its recipient has it. */
function addressed(stanza: string, from: string, to: string): string {
  return stanza.replace(">", ` from="${from}" to="${to}">`);
}
