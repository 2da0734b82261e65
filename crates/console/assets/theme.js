// Applied before anything is painted, so that a chosen theme does not flash. app/ui/theme.js changes it.
{
  const chosen = localStorage.getItem("crm-sync.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
