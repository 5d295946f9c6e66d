/**
 * The Matrix specification's table of 64 emoji that people tell apart and call by the same name, in its order, with
 * its English names (Matrix Client-Server API, "SAS method: emoji"; data-definitions/sas-emoji.json,
 * Apache-2.0, The Matrix.org Foundation C.I.C.). Six bits each.
 */

/** A small picture and what to call it. */
export interface Emoji {
  readonly symbol: string;
  /** In English; what is compared is the symbol, so an application may translate it. */
  readonly name: string;
}

const TABLE = `
  🐶 Dog · 🐱 Cat · 🦁 Lion · 🐎 Horse · 🦄 Unicorn · 🐷 Pig · 🐘 Elephant · 🐰 Rabbit ·
  🐼 Panda · 🐓 Rooster · 🐧 Penguin · 🐢 Turtle · 🐟 Fish · 🐙 Octopus · 🦋 Butterfly · 🌷 Flower ·
  🌳 Tree · 🌵 Cactus · 🍄 Mushroom · 🌏 Globe · 🌙 Moon · ☁️ Cloud · 🔥 Fire · 🍌 Banana ·
  🍎 Apple · 🍓 Strawberry · 🌽 Corn · 🍕 Pizza · 🎂 Cake · ❤️ Heart · 😀 Smiley · 🤖 Robot ·
  🎩 Hat · 👓 Glasses · 🔧 Spanner · 🎅 Santa · 👍 Thumbs Up · ☂️ Umbrella · ⌛ Hourglass · ⏰ Clock ·
  🎁 Gift · 💡 Light Bulb · 📕 Book · ✏️ Pencil · 📎 Paperclip · ✂️ Scissors · 🔒 Lock · 🔑 Key ·
  🔨 Hammer · ☎️ Telephone · 🏁 Flag · 🚂 Train · 🚲 Bicycle · ✈️ Aeroplane · 🚀 Rocket · 🏆 Trophy ·
  ⚽ Ball · 🎸 Guitar · 🎺 Trumpet · 🔔 Bell · ⚓ Anchor · 🎧 Headphones · 📁 Folder · 📌 Pin
`;

/** By value, 0 to 63. */
export const EMOJI: readonly Emoji[] = TABLE.split("·").map((entry) => {
  const text = entry.trim();
  const space = text.indexOf(" ");
  return { symbol: text.slice(0, space), name: text.slice(space + 1) };
});
