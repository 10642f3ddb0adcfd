// On a narrow screen the pages of the results are a strip: the one that is shown is in view.
document.querySelector(".chapters [aria-current]").scrollIntoView({ block: "nearest", inline: "center" });
