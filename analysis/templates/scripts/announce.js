// Says to a screen reader what has changed, not more often than it can be listened to.
import { byId } from "./elements.js";

let waiting = 0;

export function announce(text) {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    (document.querySelector("dialog[open] [role=status]") ?? byId("said")).textContent = text;
  }, 250);
}
