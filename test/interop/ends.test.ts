import type { EngineOptions, Version, XtlsError } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { PROGRAMS, type Program, type Terms } from "./programs.ts";
import { Cast, exchangeWords, meet, type Meeting, type Role } from "./terms.ts";

const test = suite("ends");
const cast = new Cast(await loadCore());
test.after(() => cast.dispose());

type Body = (meeting: Meeting, role: Role, program: Program) => Promise<void>;

/** One claim for each program, role and version. */
function each(
  claim: string,
  terms: Partial<Terms>,
  options: Partial<EngineOptions>,
  body: Body,
  only: (program: Program, role: Role) => boolean = () => true,
): void {
  for (const version of ["TLSv1.3", "TLSv1.2"] as readonly Version[]) {
    for (const program of PROGRAMS) {
      for (const role of ["initiator", "responder"] as const) {
        if (!only(program, role)) continue;
        test(`${claim}: ${program.name}, as ${role}, ${version}`, () =>
          meet(program, role, cast, { version, ...terms }, options, (meeting) => body(meeting, role, program)));
      }
    }
  }
}

const failure = async ({ bridge }: Meeting): Promise<XtlsError> => (await bridge.failed()) as XtlsError;

each("closes first and is answered", {}, {}, async (meeting) => {
  await meeting.bridge.opened();
  await exchangeWords(meeting);
  meeting.bridge.close();
  await meeting.bridge.closed();
  assert.is(meeting.bridge.engine.alerts.received?.name, "close_notify");
});

// gnutls-serv can only be killed.
each(
  "answers when the other closes first",
  {},
  {},
  async (meeting) => {
    await meeting.bridge.opened();
    await exchangeWords(meeting);
    meeting.counterpart.close();
    await meeting.bridge.closed();
    assert.is(meeting.bridge.engine.alerts.sent?.name, "close_notify");
    assert.is(meeting.bridge.engine.error, undefined);
  },
  (program, role) => !(program.name === "gnutls" && role === "initiator"),
);

each("reports a killed peer as truncated", {}, {}, async (meeting) => {
  await meeting.bridge.opened();
  await exchangeWords(meeting);
  meeting.counterpart.stop();
  assert.is((await failure(meeting)).code, "truncated");
});

each(
  "authenticates both ends by an authority",
  { authority: cast.authority },
  { authorities: cast.authority.certificate },
  async (meeting) => {
    await meeting.bridge.opened();
    await exchangeWords(meeting);
  },
);

each("refuses a certificate of another authority", {}, { authorities: cast.stranger.certificate }, async (meeting) => {
  const error = await failure(meeting);
  assert.is(error.code, "certificate-refused");
  assert.match(error.message, "not issued by a configured authority");
  assert.is(meeting.bridge.engine.alerts.sent?.name, "unknown_ca");
});

// gnutls-serv verifies when the handshake is long over, and only says so on its terminal.
each(
  "hears why it was refused itself",
  { authority: cast.stranger },
  {},
  async (meeting) => {
    const error = await failure(meeting);
    assert.is(error.code, "alert-received");
    assert.is(meeting.bridge.engine.alerts.received?.level, "fatal");
  },
  (program, role) => !(program.name === "gnutls" && role === "initiator"),
);

each(
  "refuses a client without a certificate",
  { own: undefined },
  {},
  async (meeting) => {
    assert.is((await failure(meeting)).code, "certificate-missing");
  },
  (_, role) => role === "responder",
);

test.run();
