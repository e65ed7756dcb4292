// Serves templates/oidc/form_post.html: sends the answer's form to the application at once.
document.querySelector("form[data-send]")?.submit();
