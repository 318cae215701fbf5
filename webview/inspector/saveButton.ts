import { element } from '../shared/dom';

/** Saves a map as it is drawn. */
export function saveButton(title: string, save: () => void): HTMLButtonElement {
  const button = element(
    'button',
    { type: 'button', class: 'save', 'aria-label': `Save ${title} as PNG`, title: 'Save as PNG' },
    'PNG',
  );
  button.addEventListener('click', save);
  return button;
}
