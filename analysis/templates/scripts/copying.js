// Buttons that copy: the text of an element that they name, or what they are given.
import { announce } from "./announce.js";
import { byId, element } from "./elements.js";

async function copied(text, from) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (from) window.getSelection().selectAllChildren(from);
    return false;
  }
}

async function answer(button, text, from) {
  const label = button.dataset.label ?? button.textContent;
  button.dataset.label = label;
  const done = await copied(text, from);
  button.textContent = done ? "Copied" : "Selected";
  announce(done ? "Copied." : "It could not be copied; it is selected, copy it with your keyboard.");
  setTimeout(() => {
    button.textContent = label;
  }, 2000);
}

export function copyButton(label, text, from = null) {
  return element("button", { type: "button", click: (event) => answer(event.currentTarget, text(), from) }, label);
}

// A block of code with its button.
export function codeBlock(title, text) {
  const block = element("pre", { tabindex: 0, "aria-label": title }, text);
  return element("div", { class: "code" }, block, copyButton("Copy", () => text, block));
}

export function enableCopying() {
  for (const button of document.querySelectorAll("button[data-copies]")) {
    button.hidden = false;
    const source = byId(button.dataset.copies);
    button.addEventListener("click", () => answer(button, source.textContent, source));
  }
}
