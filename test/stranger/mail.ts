/** Example 4a of the mail, letter by letter but for the addresses, which were redacted there. */

const BODY = " I take thee at thy word: Call me but love, and I'll be new baptized; Henceforth I never will be Romeo. ";
const CHAT_STATES = "http://jabber.org/protocol/chatstates";

export const mail = {
  body: BODY,
  thread: "act2scene2chat1",
  chatStates: CHAT_STATES,
  /** the stanza as it is before step 4b */
  message: (from: string, to: string, body = BODY): string =>
    `<message from='${from}' to='${to}' type='chat'> <thread>act2scene2chat1</thread> ` +
    `<body>${body}</body> <active xmlns='${CHAT_STATES}'/> </message>`,
} as const;
