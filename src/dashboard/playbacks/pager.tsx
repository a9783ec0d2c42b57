import { Button } from '../parts/button.tsx';
import { t } from '../texts/text.ts';
import css from './pager.module.css';

/** Links to numbered pages: the first, the last, and those around the present one. */
export function Pager({
  page,
  totalPages,
  onPage,
}: {
  page: number;
  totalPages: number;
  onPage: (page: number) => void;
}) {
  if (totalPages <= 1 && page === 1) return null;
  const go = (to: number) => {
    onPage(to);
    window.scrollTo({ top: 0 });
  };
  return (
    <nav className={css.pager} aria-label={t('playbacks.pages')}>
      <Button icon="back" disabled={page <= 1} onClick={() => go(page - 1)}>
        {t('playbacks.newer')}
      </Button>
      <ol className={css.numbers}>
        {around(page, totalPages).map((number, i, all) => (
          <li key={number} className={i > 0 && number > (all[i - 1] ?? 0) + 1 ? css.afterHole : undefined}>
            <button
              type="button"
              className={css.number}
              aria-current={number === page ? 'page' : undefined}
              aria-label={t('playbacks.page', { number })}
              onClick={() => go(number)}
            >
              {number}
            </button>
          </li>
        ))}
      </ol>
      <Button disabled={page >= totalPages} onClick={() => go(page + 1)}>
        {t('playbacks.older')}
      </Button>
    </nav>
  );
}

function around(page: number, totalPages: number): number[] {
  const near = [1, page - 2, page - 1, page, page + 1, page + 2, totalPages];
  return [...new Set(near)].filter((number) => number >= 1 && number <= totalPages).sort((a, b) => a - b);
}
