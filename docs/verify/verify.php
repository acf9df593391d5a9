<?php
// Verifies webhooks that Billhook sent. PHP 8.0 or later; copy what you need.
//
// $body is always the request's raw bytes, from before anything parsed them, and
// $secrets are all that are in use: two while one is replaced.

/**
 * Says whether one of the secrets signed id, time and body, in the headers of
 * Standard Webhooks, at most $tolerance seconds from $now. $server is $_SERVER, or
 * $request->server->all() in Laravel and Symfony.
 */
function verify_standard(string $body, array $server, array $secrets, int $tolerance = 300, ?int $now = null): bool
{
    $id = $server['HTTP_WEBHOOK_ID'] ?? '';
    $sent = $server['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if ($id === '' || !preg_match('/^[0-9]{1,12}$/D', $sent) || abs(($now ?? time()) - (int) $sent) > $tolerance) {
        return false;
    }
    $signatures = explode(' ', $server['HTTP_WEBHOOK_SIGNATURE'] ?? '');
    $matched = false;
    foreach (usable_secrets($secrets) as $secret) {
        $want = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$sent.$body", standard_key($secret), true));
        foreach ($signatures as $given) {
            $matched = hash_equals($want, $given) || $matched;
        }
    }
    return $matched;
}

/**
 * Says whether one of the secrets made the signature, which is the value of the
 * platform's own header. It signs no time: an old request verifies too.
 */
function verify_header(string $body, ?string $signature, array $secrets): bool
{
    $matched = false;
    foreach (usable_secrets($secrets) as $secret) {
        $matched = hash_equals(hash_hmac('sha256', $body, $secret), $signature ?? '') || $matched;
    }
    return $matched;
}

/** Leaves out what anybody could sign with: nothing at all, and public keys. */
function usable_secrets(array $secrets): array
{
    return array_filter($secrets, fn ($s) => $s && $s !== 'whsec_' && !str_starts_with($s, 'whpk_'));
}

/** Is what base64 after whsec_ says, or the secret as it stands where it is none. */
function standard_key(string $secret): string
{
    $text = str_starts_with($secret, 'whsec_') ? substr($secret, 6) : $secret;
    $base64 = '~^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$~D';
    return preg_match($base64, $text) ? base64_decode($text) : $secret;
}
