// Serves templates/oidc/logged_out.html: goes on once the apps' frames have loaded, at the latest after some seconds.
const link = document.querySelector("[data-go-on]");
if (link) {
  const goOn = () => location.replace(link.href);
  if (document.readyState === "complete") goOn();
  else addEventListener("load", goOn); // comes after the frames' own
  setTimeout(goOn, Number(link.dataset.goOn) * 1000);
}
