// One login with a directory account in a real browser, and every way people leave the straight path.
import { randomBytes } from 'node:crypto';
import { launch, inspect } from './lib/browser.mjs';
import { run } from './lib/check.mjs';
import { startIssuer } from './lib/issuer.mjs';
import { freePort } from './lib/names.mjs';
import { startRelyingParty } from './lib/relying_party.mjs';
import { httpsConfig } from './lib/setup.mjs';

// `expiry.authRequests` of the configuration and a second, in milliseconds.
const FLOW_LIFE = 61_000;
const ZOE_GROUPS = ['Größe', 'developers', 'engineering', 'everyone', 'ouroboros-a', 'ouroboros-b'];

const [issuerPort, clientPort] = [await freePort(), await freePort()];
const clientSecret = randomBytes(32).toString('base64url');
const redirectUri = `https://client.test:${clientPort}/callback`;
const issuer = await startIssuer(httpsConfig({ port: issuerPort, redirectUri, clientSecret }));
const rp = await startRelyingParty({ issuer: issuer.url, port: clientPort, clientId: 'portal', clientSecret });
const browser = await launch();
const complaints = [];

// A browser of its own for one test: no cookies, and no word about a page that breaks its own policy.
async function visitor(options = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(10_000);
  context.on('console', (message) => {
    if (/content security policy/i.test(message.text())) complaints.push(`${message.page()?.url()}: ${message.text()}`);
  });
  const page = await context.newPage();
  return { context, page };
}

async function choose(page, name = 'Company directory') {
  await page.getByRole('link', { name }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
}

async function signIn(page, username = 'zoe', password = `password-${username}`) {
  await page.getByLabel('User name').or(page.getByLabel('Email address')).fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

// To the consent page of a fresh login of zoe; `prompt` asks for it even if she agreed before.
async function toConsent(page) {
  await page.goto(`${rp.site}/login?prompt=consent`);
  await choose(page);
  await signIn(page);
  await page.getByRole('heading', { name: 'Allow Portal?' }).waitFor();
}

async function result(page) {
  await page.waitForURL(`${redirectUri}**`);
  return JSON.parse(await page.locator('#result').textContent());
}

async function offersToStartAgain(check, page) {
  const again = page.getByRole('link', { name: 'Start again' });
  await again.waitFor();
  check.ok(page.url().startsWith(`${issuer.url}/`), page.url());
  return again;
}

// The fields and address of the form on the page, for requests that no polite browser sends.
async function formOf(page) {
  return page.locator('form').evaluate((form) => ({
    action: form.action,
    fields: Object.fromEntries([...form.elements].filter((e) => e.type === 'hidden').map((e) => [e.name, e.value])),
  }));
}

// The same form sent several times at once with the browser's cookies; nothing is followed.
async function sendAtOnce(context, { action, fields }, more, times) {
  const form = { ...fields, ...more };
  const send = () => context.request.post(action, { form, maxRedirects: 0, headers: { origin: issuer.url } });
  return Promise.all(Array.from({ length: times }, send));
}

const isCode = (answer) => {
  const location = answer.headers().location ?? '';
  return location.startsWith(redirectUri) && new URL(location).searchParams.has('code');
};

// Opened now and finished by the last test, when its time is over.
const late = await visitor();
await late.page.goto(`${rp.site}/login`);
await choose(late.page);
const lateSince = Date.now();

await run([
  ['a directory account signs in; its name and nested groups stand in the ID token', async (check) => {
    const { context, page } = await visitor();
    await page.goto(`${rp.site}/login`);
    check.equal(await inspect(page, 'chooser'), []);
    await choose(page);
    check.equal(await inspect(page, 'login'), []);
    await signIn(page, 'zoe', 'wrong');
    await page.getByRole('alert').waitFor();
    check.equal(await page.getByRole('alert').textContent(), 'Your user name or password is wrong.');
    check.equal(await inspect(page, 'login-failed'), []);
    await signIn(page);
    await page.getByRole('heading', { name: 'Allow Portal?' }).waitFor();
    check.equal(await inspect(page, 'consent'), []);
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    const { claims } = await result(page);
    check.equal(claims.name, 'Zoë Müller-Łukasiewicz');
    check.equal(claims.email, 'zoe@example.org');
    check.equal([...claims.groups].sort(), ZOE_GROUPS);
    check.equal(claims.iss, issuer.url);
    check.equal(claims.aud, 'portal');

    const cookies = (await context.cookies()).filter((cookie) => cookie.domain === 'issuer.test');
    check.ok(cookies.length > 0);
    for (const { name, secure, httpOnly, sameSite } of cookies) {
      check.ok(name.startsWith('__Host-') && secure && httpOnly && sameSite === 'Lax', name);
    }

    // The same browser again: signed in, and agreed.
    await page.goto(`${rp.site}/login`);
    check.equal((await result(page)).claims.sub, claims.sub);
    await page.goto(`${issuer.url}/`);
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
    check.equal(await inspect(page, 'signed-in'), []);
    await context.close();
  }],

  ['a local account signs in through the chooser', async (check) => {
    const { context, page } = await visitor();
    await page.goto(`${rp.site}/login`);
    await choose(page, 'Local account');
    await signIn(page, 'ada');
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    const { claims } = await result(page);
    check.equal([claims.name, claims.groups], ['Ada Lovelace', ['mathematics']]);
    await context.close();
  }],

  ['without script every page works', async (check) => {
    const { context, page } = await visitor({ javaScriptEnabled: false });
    await page.goto(`${rp.site}/login?response_mode=form_post&prompt=consent`);
    await page.getByRole('link', { name: 'Local account' }).click();
    await page.getByRole('link', { name: 'Sign in another way' }).click();
    await choose(page);
    await signIn(page);
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(redirectUri);
    const { claims } = JSON.parse(await page.locator('#result').textContent());
    check.equal(claims.preferred_username, 'zoe');
    await context.close();
  }],

  ['with script the posted answer goes on by itself', async (check) => {
    const { context, page } = await visitor();
    await page.goto(`${rp.site}/login?response_mode=form_post`);
    await choose(page);
    await signIn(page);
    // She agreed before, so nothing is left to press.
    check.equal((await result(page)).claims.preferred_username, 'zoe');
    await context.close();
  }],

  ['a redirect URI that is not registered ends on a page, not at that URI', async (check) => {
    const { context, page } = await visitor();
    const wrong = `https://client.test:${clientPort}/other`;
    const answer = await page.goto((await rp.authorizationUrl({ redirect_uri: wrong })).href);
    check.equal(answer.status(), 400);
    check.ok(page.url().startsWith(`${issuer.url}/auth`));
    check.equal(await inspect(page, 'error'), []);
    await context.close();
  }],

  ['who does not allow it is sent back without a code', async (check) => {
    const { context, page } = await visitor();
    const before = rp.codes.length;
    await toConsent(page);
    await page.getByRole('button', { name: 'Do not allow' }).click();
    check.equal(await result(page), { error: 'access_denied' });
    check.equal(rp.codes.length, before);
    await context.close();
  }],

  ['the back button after finishing ends on a page that offers to start again', async (check) => {
    const { context, page } = await visitor();
    const before = rp.codes.length;
    await toConsent(page);
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    await result(page);
    await page.goBack();
    // Nothing is kept by the browser, so going back already asks the issuer.
    if (await page.getByRole('button', { name: 'Allow', exact: true }).isVisible()) {
      await page.getByRole('button', { name: 'Allow', exact: true }).click();
    }
    const again = await offersToStartAgain(check, page);
    check.equal(await inspect(page, 'error-finished'), []);
    check.equal(rp.codes.length, before + 1);
    await again.click();
    await page.waitForLoadState();
    check.ok(!page.url().startsWith(`${issuer.url}/approval`), page.url());
    check.equal(rp.codes.length, before + 1);
    await context.close();
  }],

  ['back to the login form after finishing: sending it again gives no second code', async (check) => {
    const { context, page } = await visitor();
    const before = rp.codes.length;
    await page.goto(`${rp.site}/login?prompt=consent`);
    await choose(page);
    const form = await formOf(page);
    await signIn(page);
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    await result(page);
    const [answer] = await sendAtOnce(context, form, { username: 'zoe', password: 'password-zoe' }, 1);
    check.equal(answer.status(), 400);
    check.match(await answer.text(), /Start again/);
    check.equal(rp.codes.length, before + 1);
    await context.close();
  }],

  ['a second tab with the same approval ends on a page that offers to start again', async (check) => {
    const { context, page } = await visitor();
    const before = rp.codes.length;
    await toConsent(page);
    const second = await context.newPage();
    await second.goto(page.url());
    await second.getByRole('heading', { name: 'Allow Portal?' }).waitFor();
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    await result(page);
    await second.getByRole('button', { name: 'Allow', exact: true }).click();
    await offersToStartAgain(check, second);
    check.equal(rp.codes.length, before + 1);
    await context.close();
  }],

  ['two tabs with a login each do not disturb one another', async (check) => {
    const { context, page } = await visitor();
    const second = await context.newPage();
    await page.goto(`${rp.site}/login?prompt=consent`);
    await second.goto(`${rp.site}/login?prompt=consent`);
    await choose(page);
    await choose(second, 'Local account');
    await signIn(page);
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    await signIn(second, 'ada');
    await second.getByRole('button', { name: 'Allow', exact: true }).click();
    check.equal((await result(page)).claims.preferred_username, 'zoe');
    check.equal((await result(second)).claims.name, 'Ada Lovelace');
    await context.close();
  }],

  ['a login form sent twice at once leads to one approval', async (check) => {
    const { context, page } = await visitor();
    await page.goto(`${rp.site}/login?prompt=consent`);
    await choose(page);
    const before = rp.codes.length;
    const form = await formOf(page);
    const answers = await sendAtOnce(context, form, { username: 'zoe', password: 'password-zoe' }, 2);
    const next = answers.map((answer) => answer.headers().location).filter(Boolean);
    check.ok(next.length > 0);
    for (const location of next) check.ok(location.startsWith(`${issuer.url}/approval`), location);
    for (const location of next) {
      await page.goto(location);
      const allow = page.getByRole('button', { name: 'Allow', exact: true });
      if (await allow.isVisible()) {
        await allow.click();
        await page.waitForLoadState();
      } else {
        await offersToStartAgain(check, page);
      }
    }
    check.equal(rp.codes.length, before + 1);
    await context.close();
  }],

  ['a double click on the login button still signs in', async (check) => {
    const { context, page } = await visitor();
    const before = rp.codes.length;
    await page.goto(`${rp.site}/login?prompt=consent`);
    await choose(page);
    await page.getByLabel('User name').fill('zoe');
    await page.getByLabel('Password').fill('password-zoe');
    await page.getByRole('button', { name: 'Sign in' }).dblclick();
    const allow = page.getByRole('button', { name: 'Allow', exact: true });
    const again = page.getByRole('link', { name: 'Start again' });
    await allow.or(again).waitFor();
    if (await again.isVisible()) {
      await again.click();
      await allow.or(page.getByRole('link', { name: 'Company directory' })).waitFor();
    } else {
      await allow.click();
      await result(page);
      check.equal(rp.codes.length, before + 1);
    }
    await context.close();
  }],

  ['an approval sent sixteen times at once gives one code', async (check) => {
    const { context, page } = await visitor();
    for (let round = 0; round < 5; round += 1) {
      await context.clearCookies();
      await toConsent(page);
      const form = await formOf(page);
      const answers = await sendAtOnce(context, form, { decision: 'approve' }, 16);
      check.equal(answers.filter(isCode).length, 1);
      for (const answer of answers.filter((answer) => !isCode(answer))) {
        check.equal(answer.status(), 400);
        check.match(await answer.text(), /Start again/);
      }
    }
    await context.close();
  }],

  ['approve and deny sent at once: one of them, never both', async (check) => {
    const { context, page } = await visitor();
    await toConsent(page);
    const form = await formOf(page);
    const answers = (
      await Promise.all([
        sendAtOnce(context, form, { decision: 'deny' }, 4),
        sendAtOnce(context, form, { decision: 'approve' }, 4),
      ])
    ).flat();
    const answered = answers.filter((answer) => answer.headers().location?.startsWith(redirectUri));
    check.equal(answered.length, 1);
    await context.close();
  }],

  ['a double click on Allow gives one code', async (check) => {
    const { context, page } = await visitor();
    const before = rp.codes.length;
    await toConsent(page);
    await page.getByRole('button', { name: 'Allow', exact: true }).dblclick();
    const signedIn = page.getByRole('heading', { name: 'Signed in', exact: true });
    await signedIn.or(page.getByRole('link', { name: 'Start again' })).waitFor();
    check.ok(rp.codes.length <= before + 1);
    await context.close();
  }],

  // OA-30, OA-31
  ['at no step can another browser continue a flow, nor be signed in by it', async (check) => {
    const attacker = await visitor();
    const victim = await visitor();
    // What the victim is lured into: opening the page that the attacker sees, sending the attacker's form.
    async function lure(values) {
      const opened = await victim.page.goto(attacker.page.url());
      check.equal([opened.status(), victim.page.url()], [400, attacker.page.url()]);
      const [sent] = await sendAtOnce(victim.context, await formOf(attacker.page), values, 1);
      check.equal([sent.status(), isCode(sent)], [400, false]);
      check.equal(await victim.context.cookies(), []);
    }
    await attacker.page.goto(`${rp.site}/login?prompt=consent`);
    const chosen = await attacker.page.getByRole('link', { name: 'Company directory' }).getAttribute('href');
    check.equal((await victim.page.goto(chosen)).status(), 400);
    await choose(attacker.page);
    await lure({ username: 'zoe', password: 'password-zoe' });
    await signIn(attacker.page);
    await attacker.page.getByRole('heading', { name: 'Allow Portal?' }).waitFor();
    await lure({ decision: 'approve' });
    // The attacker's own login is as open as before.
    await attacker.page.getByRole('button', { name: 'Allow', exact: true }).click();
    check.equal((await result(attacker.page)).claims.preferred_username, 'zoe');
    await attacker.context.close();
    await victim.context.close();
  }],

  // OA-32
  ['a form that another site posts changes nothing', async (check) => {
    const { context, page } = await visitor();
    await toConsent(page);
    const { action, fields } = await formOf(page);
    const evil = await context.newPage();
    await evil.goto(`${rp.site}/`);
    const [answer] = await Promise.all([
      evil.waitForResponse((response) => response.url() === action),
      evil.evaluate(({ to, pairs }) => {
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', action: to });
        for (const [name, value] of Object.entries(pairs)) {
          form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
        }
        document.body.append(form);
        form.submit();
      }, { to: action, pairs: { ...fields, decision: 'approve' } }),
    ]);
    check.equal([answer.status(), isCode(answer)], [400, false]);
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    check.equal((await result(page)).claims.preferred_username, 'zoe');
    await context.close();
  }],

  ['a flow whose time is over offers to start again, and that works', async (check) => {
    const { page, context } = late;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, FLOW_LIFE - (Date.now() - lateSince))));
    await signIn(page);
    const again = await offersToStartAgain(check, page);
    check.equal(await inspect(page, 'error-expired'), []);
    await again.click();
    await choose(page);
    await signIn(page);
    const allow = page.getByRole('button', { name: 'Allow', exact: true });
    await allow.or(page.locator('#result')).waitFor();
    if (await allow.isVisible()) await allow.click();
    check.equal((await result(page)).claims.preferred_username, 'zoe');
    await context.close();
  }],

  ['no page broke its own content security policy', async (check) => check.equal(complaints, [])],

  ['no password and no code stands in the log', async (check) => {
    const log = issuer.log();
    check.ok(!log.includes('password-zoe') && !log.includes('password-ada'));
    check.equal(rp.codes.filter((code) => log.includes(code)), []);
  }],

  ['asked to stop, the issuer ends in order', async (check) => {
    await browser.close();
    await rp.stop();
    check.equal(await issuer.stop(), 0);
  }],
], issuer.log);
process.exit();
