// Runs before the page is drawn. Without it the style sheet alone follows the browser's preference.
(() => {
  const root = document.documentElement;
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => (document.cookie.match(/(?:^|; )theme=(light|dark)/) || [])[1];
  const apply = () => { root.dataset.bsTheme = chosen() || (prefersDark.matches ? "dark" : "light"); };
  apply();
  prefersDark.addEventListener("change", apply);

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form.theme")) return;
    event.preventDefault();
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `theme=${event.submitter.value}; path=/; max-age=31536000; samesite=lax${secure}`;
    apply();
  });
})();
