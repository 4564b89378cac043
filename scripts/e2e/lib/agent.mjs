// A user agent without a browser: cookies, redirects and forms by fetch.

const unescape = (text) =>
  text.replace(/&(amp|lt|gt|quot|#x27|#x2f);/gi, (_, name) =>
    ({ amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'", '#x2f': '/' })[name.toLowerCase()]);

const attribute = (tag, name) => {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag);
  return found ? unescape(found[1]) : undefined;
};

export class Agent {
  #cookies = new Map();

  // Follows redirects until `stop` says that the next address is not ours; returns that, or the last page.
  async open(url, stop, init = {}) {
    let next = new URL(url);
    let options = init;
    for (let hops = 0; hops < 10; hops += 1) {
      if (stop(next)) return { left: next };
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await fetch(next, { ...options, redirect: 'manual', headers: { ...options.headers, cookie } });
      for (const line of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
        if (/;\s*max-age=0/i.test(line)) this.#cookies.delete(name);
        else this.#cookies.set(name, value);
      }
      const location = answer.headers.get('location');
      if (!location) return { url: next, status: answer.status, html: await answer.text() };
      next = new URL(location, next);
      options = {};
    }
    throw new Error('more than ten redirects');
  }

  // Fills the page's form and sends it.
  async submit(page, stop, values) {
    const form = /<form[^>]*>/.exec(page.html);
    if (!form) throw new Error(`no form at ${page.url}, status ${page.status}: ${page.html}`);
    const body = new URLSearchParams();
    for (const [tag] of page.html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
      body.append(attribute(tag, 'name'), attribute(tag, 'value'));
    }
    for (const [name, value] of Object.entries(values)) body.append(name, value);
    const action = new URL(attribute(form[0], 'action'), page.url);
    return this.open(action, stop, { method: 'POST', body });
  }
}
