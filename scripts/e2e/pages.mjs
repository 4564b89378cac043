// Looks at the sample pages of `cargo run -p oidc-core --example render_pages -- DIR`: node pages.mjs DIR
import { readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { inspect, launch } from './lib/browser.mjs';
import { run } from './lib/check.mjs';

const folder = resolve(process.argv[2]);
const browser = await launch();
await run(
  ['light', 'dark'].flatMap((colorScheme) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.html'))
      .map((file) => [
        `${basename(file, '.html')} in ${colorScheme} is accessible and fits a phone`,
        async (check) => {
          const context = await browser.newContext({ colorScheme });
          const page = await context.newPage();
          // The posted form would leave at once.
          await page.route(/client\.test/, (route) => route.abort());
          await page.goto(`file://${join(folder, file)}`);
          if (file !== 'form_post.html') {
            check.equal(await inspect(page, `sample-${basename(file, '.html')}-${colorScheme}`), []);
          }
          await context.close();
        },
      ]),
  ),
);
await browser.close();
