// @xmpp/component has no types of its own; it is a Client without what only clients have.
declare module "@xmpp/component" {
  import type { Client } from "@xmpp/client";
  export interface ComponentOptions {
    service: string;
    domain: string;
    password: string;
  }
  export type Component = Omit<Client, "streamManagement" | "sasl" | "starttls" | "bind2" | "fast" | "entity">;
  export function component(options: ComponentOptions): Component;
}
