/** The scenario through Prosody, over TCP and WebSocket. */

import { scenario } from "./scenario.ts";

scenario("prosody", ["tcp", "websocket"]);
