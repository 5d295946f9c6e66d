import type { EngineOptions, XtlsError } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { xmppAddr } from "../tls/issuer.ts";
import type { Terms } from "./counterpart.ts";
import { nss } from "./nss.ts";
import { openssl } from "./programs.ts";
import { Cast, exchangeWords, meet, type Meeting, PROGRAMS } from "./terms.ts";

const test = suite("ends");
const cast = new Cast(await loadCore());
test.after(() => cast.dispose());

/** One claim about every program in both roles. */
interface Scenario {
  readonly claim: string;
  readonly terms?: Partial<Terms>;
  readonly options?: Partial<EngineOptions>;
  /** Of whom it cannot be said: our role, a program, or our role to a program. */
  readonly except?: readonly string[];
  readonly body: (meeting: Meeting) => Promise<void>;
}

async function speak(meeting: Meeting): Promise<void> {
  await meeting.bridge.opened();
  await exchangeWords(meeting);
}

const failure = async ({ bridge }: Meeting): Promise<XtlsError> => (await bridge.failed()) as XtlsError;

const SCENARIOS: readonly Scenario[] = [
  {
    claim: "closes first and is answered",
    // gnutls-cli goes away without a word, selfserv closes by itself; for tstclnt see below.
    except: ["responder to gnutls", "nss"],
    async body(meeting) {
      await speak(meeting);
      meeting.bridge.close();
      await meeting.bridge.closed();
      assert.is(meeting.bridge.engine.alerts.received?.name, "close_notify");
    },
  },
  {
    claim: "answers when the other closes first",
    // As servers they can only be killed, and tstclnt only answers; below is more.
    except: ["initiator to gnutls", "initiator to openssl", "responder to nss"],
    async body(meeting) {
      await speak(meeting);
      meeting.counterpart.close();
      await meeting.bridge.closed();
      assert.is(meeting.bridge.engine.alerts.sent?.name, "close_notify");
      assert.is(meeting.bridge.engine.error, undefined);
    },
  },
  {
    claim: "reports a killed peer as truncated",
    except: ["initiator to nss"], // which has closed by then
    async body(meeting) {
      await speak(meeting);
      meeting.counterpart.stop();
      assert.is((await failure(meeting)).code, "truncated");
    },
  },
  {
    claim: "authenticates both ends by an authority",
    terms: { authority: cast.authority },
    options: { authorities: cast.authority.certificate },
    body: speak,
  },
  {
    claim: "refuses a certificate of another authority",
    options: { authorities: cast.stranger.certificate },
    async body(meeting) {
      const error = await failure(meeting);
      assert.is(error.code, "certificate-refused");
      assert.match(error.message, "not issued by a configured authority");
      assert.is(meeting.bridge.engine.alerts.sent?.name, "unknown_ca");
      await meeting.counterpart.complains(/unknown.ca|unknown certificate authority|fatal alert has been received|not recognize and trust/i);
    },
  },
  {
    claim: "refuses a certificate with a name that cannot be trusted to be read alike",
    terms: { own: cast.issuer.issue("evil", { names: [xmppAddr("juliet\\n@capulet.example")] }) },
    async body(meeting) {
      assert.is((await failure(meeting)).code, "invalid-certificate");
      assert.is(meeting.bridge.engine.alerts.sent?.name, "bad_certificate");
      assert.is(meeting.bridge.engine.peer, undefined);
    },
  },
  {
    claim: "hears why it was refused itself",
    terms: { authority: cast.stranger },
    // These verify after the handshake, and then go away without a word.
    except: ["initiator to gnutls", "node:tls", "openssl 3.5"],
    async body(meeting) {
      assert.is((await failure(meeting)).code, "alert-received");
      assert.is(meeting.bridge.engine.alerts.received?.level, "fatal");
    },
  },
  {
    claim: "refuses to speak TLS 1.2",
    terms: { isOld: true },
    async body(meeting) {
      const { code } = await failure(meeting);
      const { sent, received } = meeting.bridge.engine.alerts;
      const isResponder = meeting.bridge.engine.role === "responder";
      assert.is(code, isResponder ? "no-common-parameters" : "alert-received");
      assert.match(String((isResponder ? sent : received)?.name), /^(protocol_version|handshake_failure)$/);
      assert.is(meeting.bridge.engine.negotiated, undefined);
    },
  },
  {
    claim: "refuses a client without a certificate",
    terms: { own: undefined },
    except: ["initiator"],
    async body(meeting) {
      assert.is((await failure(meeting)).code, "certificate-missing");
      await meeting.counterpart.complains(/certificate.(is.)?required|handshake.fail|alert 116/i);
    },
  },
  {
    claim: "refuses a server that asks for no certificate",
    terms: { asksNobody: true },
    except: ["responder"],
    async body(meeting) {
      assert.is((await failure(meeting)).code, "certificate-not-requested");
      assert.is(meeting.bridge.engine.alerts.sent?.name, "handshake_failure");
      assert.is(meeting.bridge.engine.peer, undefined);
      await meeting.counterpart.complains(/handshake.fail|fatal alert|unable to negotiate/i);
    },
  },
];

for (const { claim, terms = {}, options = {}, except = [], body } of SCENARIOS) {
  for (const program of PROGRAMS) {
    for (const role of ["initiator", "responder"] as const) {
      if ([role, program.name, `${role} to ${program.name}`].some((whom) => except.includes(whom))) continue;
      test(`${claim}: ${role} to ${program.name}`, () => meet(program, role, cast, terms, options, body));
    }
  }
}

test("answers when the other closes first: initiator to openssl, reversing lines", () =>
  meet(openssl, "initiator", cast, { extra: ["-rev"] }, {}, async ({ bridge }) => {
    await bridge.opened();
    bridge.say("Romeo\n");
    await bridge.heard("oemoR");
    bridge.say("CLOSE\n");
    await bridge.closed();
    assert.is(bridge.engine.alerts.received?.name, "close_notify");
  }));

test("closes first and is answered: responder to nss, whose input has ended", () =>
  meet(nss, "responder", cast, {}, {}, async (meeting) => {
    await speak(meeting);
    meeting.counterpart.close();
    meeting.bridge.close();
    await meeting.bridge.closed();
    assert.is(meeting.bridge.engine.alerts.received?.name, "close_notify");
  }));

test.run();
