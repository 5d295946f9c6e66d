/** The scenario through ejabberd, over TCP and WebSocket. */

import { scenario } from "./scenario.ts";

scenario("ejabberd", ["tcp", "websocket"]);
