<?php
// A data endpoint in PHP 8.1 or later, with its openssl extension alone.
// Run: php -S 127.0.0.1:9000 endpoint.php
declare(strict_types=1);

const MAX_BYTES = 14 * 1024 * 1024;
const DAYS = [['id' => 'mon', 'title' => 'Monday'], ['id' => 'tue', 'title' => 'Tuesday']];

/** What the flow does: this is the part to write yourself. */
function answer(array $request): array
{
    ['action' => $action] = $request;
    $screen = $request['screen'] ?? '';
    $data = $request['data'] ?? [];
    if ($action === 'ping') {
        return ['data' => ['status' => 'active']];
    }
    if (isset($data['error'], $data['error_message'])) {
        error_log('the phone reports: ' . json_encode($data['error']));
        return ['data' => ['acknowledged' => true]];
    }
    if ($action === 'INIT' || $action === 'BACK') {
        return ['screen' => 'PICK_DAY', 'data' => ['days' => DAYS]];
    }
    if ($action === 'data_exchange' && $screen === 'PICK_DAY') {
        $day = $data['day'] ?? null;
        if (!in_array($day, array_column(DAYS, 'id'), true)) {
            $message = 'Please choose one of these days.';
            return ['screen' => $screen, 'data' => ['days' => DAYS, 'error_message' => $message]];
        }
        $params = ['flow_token' => $request['flow_token'] ?? null, 'day' => $day];
        return ['screen' => 'SUCCESS', 'data' => ['extension_message_response' => ['params' => $params]]];
    }
    throw new RuntimeException("no answer for $action of $screen");
}

/**
 * RSA-OAEP with SHA-256 for the hash and MGF1. openssl_private_decrypt knows OAEP with SHA-1 only
 * before PHP 8.5, so RSA alone is left to it and the padding is taken off here (RFC 8017, 7.1.2).
 */
function decrypt_oaep(string $sealed, OpenSSLAsymmetricKey $key): string
{
    if (!openssl_private_decrypt($sealed, $block, $key, OPENSSL_NO_PADDING)) {
        throw new RuntimeException('RSA failed');
    }
    $seed = substr($block, 1, 32) ^ mgf1(substr($block, 33), 32);
    $padded = substr($block, 33) ^ mgf1($seed, strlen($block) - 33);
    $one = strpos($padded, "\x01", 32);
    // One sentence for every way to fail, so that it tells nothing about the padding.
    $right = $block[0] === "\0"
        & hash_equals(hash('sha256', '', true), substr($padded, 0, 32))
        & $one !== false
        & trim(substr($padded, 32, (int) $one - 32), "\0") === '';
    if (!$right) {
        throw new RuntimeException('the AES key does not decrypt');
    }
    return substr($padded, $one + 1);
}

function mgf1(string $seed, int $length): string
{
    $mask = '';
    for ($counter = 0; strlen($mask) < $length; $counter++) {
        $mask .= hash('sha256', $seed . pack('N', $counter), true);
    }
    return substr($mask, 0, $length);
}

/** @return array{array, string, string} the request, the AES key and the IV */
function decrypt(string $body, OpenSSLAsymmetricKey $key): array
{
    $envelope = json_decode($body, true, 16, JSON_THROW_ON_ERROR);
    $names = ['encrypted_flow_data', 'encrypted_aes_key', 'initial_vector'];
    [$data, $sealed_key, $iv] = array_map(fn($name) => base64_decode($envelope[$name], true), $names);
    $aes_key = decrypt_oaep($sealed_key, $key);
    $tag = substr($data, -16);
    $text = openssl_decrypt(
        substr($data, 0, -16), 'aes-128-gcm', $aes_key, OPENSSL_RAW_DATA, $iv, $tag
    );
    if ($text === false || strlen($aes_key) !== 16 || strlen($tag) !== 16) {
        throw new RuntimeException('the request does not decrypt');
    }
    return [json_decode($text, true, 512, JSON_THROW_ON_ERROR), $aes_key, $iv];
}

function encrypt(array $answer, string $aes_key, string $iv): string
{
    $text = json_encode($answer, JSON_THROW_ON_ERROR);
    $sealed = openssl_encrypt(
        $text, 'aes-128-gcm', $aes_key, OPENSSL_RAW_DATA, ~$iv, $tag, '', 16
    );
    return base64_encode($sealed . $tag);
}

function respond(string $body, string $signature, string $secret, OpenSSLAsymmetricKey $key): array
{
    if (!hash_equals('sha256=' . hash_hmac('sha256', $body, $secret), $signature)) {
        return [432, ''];
    }
    try {
        [$request, $aes_key, $iv] = decrypt($body, $key);
    } catch (Throwable) {
        return [421, '']; // The phone fetches the public key again and repeats the request.
    }
    try {
        return [200, encrypt(answer($request), $aes_key, $iv)];
    } catch (Throwable $error) {
        error_log((string) $error);
        return [500, ''];
    }
}

ini_set('display_errors', '0'); // What PHP prints would stand before the answer.
$secret = getenv('APP_SECRET') ?: throw new RuntimeException('Set APP_SECRET.');
$pem = file_get_contents(getenv('PRIVATE_KEY_FILE') ?: 'private.pem');
$key = openssl_pkey_get_private($pem, getenv('PASSPHRASE') ?: null)
    ?: throw new RuntimeException('The private key does not open.');
$body = file_get_contents('php://input', false, null, 0, MAX_BYTES + 1);
$signature = $_SERVER['HTTP_X_HUB_SIGNATURE_256'] ?? '';
[$status, $text] = strlen($body) > MAX_BYTES ? [413, ''] : respond($body, $signature, $secret, $key);
// http_response_code() knows no reason for 421 and 432, and needs none.
http_response_code($status);
header('Content-Type: text/plain');
echo $text;
