// The card form, and the form for the security code of a saved card: whichever the page has the fields of. It lives in an
// iframe of collect's own origin: the page around it never sees a digit.
//
// Messages to the parent, all {freeport: 1, type, ...} and only to its configured origin:
//   ready                                      the form can be configured and filled in
//   change {complete, network, fields}         fields: for number, expiry and cvc (those there are) {empty, valid}
//   token  {token}                             what POST /v1/tokens answered
//   security_code {security_code}              what POST /v1/security-codes answered
//   error  {code, param?}                      nothing was taken in
// From the parent:
//   configure {key, token?, network?}          the publishable key; of a saved card its token, and its network for the
//                                              code's length (or in the address: #key=pk_...&token=tok_...&network=...)
//   submit    {name?}                          take in what is filled in; name: the card holder's
'use strict';

(() => {
  const VERSION = 1;
  // collect put exactly this origin into frame-ancestors, after finding it among the configured ones.
  const parentOrigin = new URLSearchParams(location.search).get('origin');
  const input = {};
  for (const name of ['number', 'expiry', 'cvc']) {
    const field = document.getElementById(name);
    if (field) input[name] = field;
  }
  const takesCard = 'number' in input;
  const formError = document.getElementById('form-error');
  const networkBadge = document.getElementById('network');

  // First match wins; lengths of numbers and codes as collect checks them once more.
  const NETWORKS = [
    { name: 'amex', label: 'Amex', starts: /^3[47]/, lengths: [15], code: 4, gaps: [4, 10] },
    { name: 'diners', label: 'Diners', starts: /^3(0[0-5]|6|[89])/, lengths: [14, 15, 16, 17, 18, 19], code: 3, gaps: [4, 10] },
    { name: 'jcb', label: 'JCB', starts: /^35(2[89]|[3-8])/, lengths: [16, 17, 18, 19], code: 3 },
    { name: 'visa', label: 'Visa', starts: /^4/, lengths: [13, 16, 19], code: 3 },
    { name: 'mastercard', label: 'Mastercard',
      starts: /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16], code: 3 },
    { name: 'discover', label: 'Discover', starts: /^(6011|64[4-9]|65)/, lengths: [16, 17, 18, 19], code: 3 },
    { name: 'unionpay', label: 'UnionPay', starts: /^(62|81)/, lengths: [16, 17, 18, 19], code: 3 },
    { name: 'maestro', label: 'Maestro', starts: /^(50|5[678]|6304|6390|67)/, lengths: [12, 13, 14, 15, 16, 17, 18, 19], code: 3 },
  ];
  const UNKNOWN = { name: 'unknown', label: '', lengths: [12, 13, 14, 15, 16, 17, 18, 19], code: 0 };

  const MESSAGES = {
    number: 'Please check the card number.',
    expiry: 'Please check the expiry date.',
    expired: 'This card has expired.',
    cvc: 'Please check the security code.',
    network: 'We could not reach the server. Please try again.',
    other: takesCard ? 'The card could not be saved. Please try again.' : 'The code could not be taken. Please try again.',
    limited: 'Too many attempts. Please wait a moment.',
    unusable: 'This form cannot be used here.',
  };

  // What the page said: in the address's fragment, which is sent nowhere, or by configure.
  const told = { key: '', token: '', network: '' };
  for (const name of Object.keys(told)) told[name] = new URLSearchParams(location.hash.slice(1)).get(name) || '';
  let busy = false;
  let lastChange = '';

  const digits = (text) => text.replace(/[^0-9]/g, '');
  const networkOf = (number) => NETWORKS.find((network) => network.starts.test(number)) || UNKNOWN;
  const networkNow = () => (takesCard ? networkOf(digits(input.number.value))
    : NETWORKS.find((network) => network.name === told.network) || UNKNOWN);

  function luhn(number) {
    let sum = 0;
    for (let i = 0; i < number.length; i++) {
      let digit = Number(number[number.length - 1 - i]);
      if (i % 2 === 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
      sum += digit;
    }
    return sum % 10 === 0;
  }

  function expiry() {
    const parts = /^\s*(\d{1,2})\s*\/?\s*(\d{4}|\d{2})\s*$/.exec(input.expiry.value);
    if (!parts) return null;
    const month = Number(parts[1]);
    const year = parts[2].length === 2 ? 2000 + Number(parts[2]) : Number(parts[2]);
    return month >= 1 && month <= 12 ? { month, year } : null;
  }

  // The month is over only when it is over everywhere.
  const expired = (date) => Date.now() >= Date.UTC(date.year, date.month, 1, 12);

  const CHECKS = {
    number() {
      const number = digits(input.number.value);
      return networkOf(number).lengths.includes(number.length) && luhn(number);
    },
    expiry() {
      const date = expiry();
      return date !== null && !expired(date) && date.year <= new Date().getUTCFullYear() + 20;
    },
    cvc() {
      const length = networkNow().code;
      return (length === 0 ? /^\d{3,4}$/ : new RegExp(`^\\d{${length}}$`)).test(input.cvc.value);
    },
  };

  function tell(message) {
    window.parent.postMessage({ freeport: VERSION, ...message }, parentOrigin);
  }

  function tellChange() {
    const fields = {};
    for (const name of Object.keys(input)) fields[name] = { empty: input[name].value === '', valid: CHECKS[name]() };
    const complete = Object.values(fields).every((field) => field.valid);
    const message = { type: 'change', complete, network: networkNow().name, fields };
    const text = JSON.stringify(message);
    if (text === lastChange) return;
    lastChange = text;
    tell(message);
  }

  function show(name, text) {
    document.getElementById(`${name}-error`).textContent = text;
    if (text) input[name].setAttribute('aria-invalid', 'true');
    else input[name].removeAttribute('aria-invalid');
  }

  function judge(name) {
    const valid = CHECKS[name]();
    const date = name === 'expiry' ? expiry() : null;
    show(name, valid ? '' : MESSAGES[date && expired(date) ? 'expired' : name]);
    return valid;
  }

  // Digits in groups; the caret stays behind the digit that it stood behind.
  function group(field, format) {
    const before = digits(field.value.slice(0, field.selectionStart)).length;
    const text = format(digits(field.value));
    if (text === field.value) return;
    field.value = text;
    let place = 0;
    for (let seen = 0; place < text.length && seen < before; place++) if (/[0-9]/.test(text[place])) seen++;
    if (before === digits(text).length) place = text.length;
    field.setSelectionRange(place, place);
  }

  function formatNumber(number) {
    const gaps = networkOf(number).gaps || [4, 8, 12, 16];
    const most = Math.max(...networkOf(number).lengths);
    return [...number.slice(0, most)].map((digit, i) => (gaps.includes(i) ? ` ${digit}` : digit)).join('');
  }

  function formatExpiry(text) {
    let month = text.slice(0, 2);
    let rest = text.slice(2, 6);
    if (/^[2-9]$/.test(month)) month = `0${month}`;
    // A browser may fill in MM/YYYY.
    if (rest.length === 4 && rest.startsWith('20')) rest = rest.slice(2);
    else if (rest.length > 2 && !rest.startsWith('20')) rest = rest.slice(0, 2);
    return month.length === 2 ? `${month} / ${rest}` : month;
  }

  function showNetwork() {
    const network = networkNow();
    networkBadge.hidden = network === UNKNOWN;
    networkBadge.textContent = network.label;
    networkBadge.setAttribute('aria-label', network.label);
    input.cvc.placeholder = network.code === 4 ? '4 digits' : 'CVC';
  }

  function onInput(event) {
    const field = event.target;
    const erasing = (event.inputType || '').startsWith('delete');
    if (field === input.number) group(field, formatNumber);
    else if (field === input.cvc) group(field, (text) => text.slice(0, 4));
    else if (!erasing) group(field, formatExpiry);
    showNetwork();
    formError.textContent = '';
    if (document.getElementById(`${field.id}-error`).textContent) judge(field.id);
    tellChange();
  }

  function lock(locked) {
    for (const field of Object.values(input)) field.readOnly = locked;
  }

  function card(name) {
    const date = expiry();
    const body = {
      number: digits(input.number.value), exp_month: date.month, exp_year: date.year, cvc: input.cvc.value,
    };
    if (typeof name === 'string' && name !== '') body.name = name;
    return body;
  }

  const FIELD_OF = {
    'card.number': 'number', 'card.exp_month': 'expiry', 'card.exp_year': 'expiry', 'card.cvc': 'cvc', card: 'number', cvc: 'cvc',
  };

  function fail(code, param) {
    const name = FIELD_OF[param];
    if (name) show(name, MESSAGES[name]);
    else formError.textContent = MESSAGES[code === 'network_error' ? 'network' : code === 'rate_limited' ? 'limited' : 'other'];
    tell(param ? { type: 'error', code, param } : { type: 'error', code });
  }

  async function takeIn(name) {
    const body = takesCard ? { type: 'card', card: card(name) } : { token: told.token, cvc: input.cvc.value };
    const response = await fetch(takesCard ? '/v1/tokens' : '/v1/security-codes', {
      method: 'POST',
      headers: { Authorization: `Bearer ${told.key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      credentials: 'omit', cache: 'no-store', redirect: 'error', referrerPolicy: 'no-referrer',
    });
    const answer = await response.json();
    if (response.status !== 201) {
      fail(typeof answer.code === 'string' ? answer.code : 'internal', answer.param);
      return;
    }
    for (const field of Object.values(input)) field.value = '';
    showNetwork();
    lastChange = '';
    tell(takesCard ? { type: 'token', token: answer } : { type: 'security_code', security_code: answer });
  }

  async function submit(name) {
    if (busy) return;
    const wrong = Object.keys(input).filter((field) => !judge(field));
    if (!/^pk_(test|live)_[0-9A-Za-z_]+$/.test(told.key) || !(takesCard || /^tok_[0-9A-Z]+$/.test(told.token))) {
      tell({ type: 'error', code: 'not_configured' });
      return;
    }
    if (wrong.length > 0) {
      input[wrong[0]].focus();
      const params = { number: 'card.number', expiry: 'card.exp_year', cvc: takesCard ? 'card.cvc' : 'cvc' };
      tell({ type: 'error', code: 'incomplete', param: params[wrong[0]] });
      return;
    }
    busy = true;
    lock(true);
    formError.textContent = '';
    try {
      await takeIn(name);
    } catch {
      fail('network_error');
    }
    busy = false;
    lock(false);
  }

  function configure(message) {
    for (const name of Object.keys(told)) if (typeof message[name] === 'string') told[name] = message[name];
    showNetwork();
  }

  function onMessage(event) {
    if (event.origin !== parentOrigin || event.source !== window.parent) return;
    const message = event.data;
    if (typeof message !== 'object' || message === null || message.freeport !== VERSION) return;
    if (message.type === 'configure') configure(message);
    else if (message.type === 'submit') submit(message.name);
  }

  if (!parentOrigin || window.parent === window) {
    formError.textContent = MESSAGES.unusable;
    return;
  }
  document.getElementById('card').addEventListener('submit', (event) => event.preventDefault());
  for (const field of Object.values(input)) {
    field.disabled = false;
    field.addEventListener('input', onInput);
    field.addEventListener('blur', () => { if (field.value !== '') judge(field.id); });
  }
  window.addEventListener('message', onMessage);
  showNetwork();
  tell({ type: 'ready' });
})();
