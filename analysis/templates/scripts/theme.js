// Light, dark, or as the system has it. The choice is remembered where the browser lets a page remember anything.
const KEY = "pruning-report-theme";

function remembered() {
  try {
    return localStorage.getItem(KEY) ?? "auto";
  } catch {
    return "auto";
  }
}

function apply(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function enableTheme(select) {
  select.value = remembered();
  apply(select.value);
  select.closest("[hidden]").hidden = false;
  select.addEventListener("change", () => {
    apply(select.value);
    try {
      localStorage.setItem(KEY, select.value);
    } catch {
      // A page that may not remember still changes now.
    }
  });
}
