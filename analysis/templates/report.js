"use strict";
for (const button of document.querySelectorAll("button[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copies);
    const said = document.getElementById("said");
    try {
      await navigator.clipboard.writeText(text.textContent);
      said.textContent = "Copied.";
      button.textContent = "Copied";
    } catch {
      window.getSelection().selectAllChildren(text);
      said.textContent = "Selected; copy it with your keyboard.";
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}
