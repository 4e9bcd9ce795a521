// A data endpoint in Go 1.19 or later, with the standard library alone. Run: go run main.go
package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

const maxBytes = 14 << 20

type object = map[string]any

var days = []object{{"id": "mon", "title": "Monday"}, {"id": "tue", "title": "Tuesday"}}

type request struct {
	Action    string `json:"action"`
	Screen    string `json:"screen"`
	FlowToken string `json:"flow_token"`
	Data      object `json:"data"`
}

// answer is what the flow does: this is the part to write yourself.
func answer(asked request) (object, error) {
	_, failed := asked.Data["error"]
	_, described := asked.Data["error_message"]
	switch {
	case asked.Action == "ping":
		return object{"data": object{"status": "active"}}, nil
	case failed && described:
		log.Printf("the phone reports: %v", asked.Data["error"])
		return object{"data": object{"acknowledged": true}}, nil
	case asked.Action == "INIT" || asked.Action == "BACK":
		return object{"screen": "PICK_DAY", "data": object{"days": days}}, nil
	case asked.Action == "data_exchange" && asked.Screen == "PICK_DAY":
		for _, day := range days {
			if day["id"] == asked.Data["day"] {
				params := object{"flow_token": asked.FlowToken, "day": day["id"]}
				response := object{"extension_message_response": object{"params": params}}
				return object{"screen": "SUCCESS", "data": response}, nil
			}
		}
		message := "Please choose one of these days."
		return object{"screen": "PICK_DAY", "data": object{"days": days, "error_message": message}}, nil
	}
	return nil, fmt.Errorf("no answer for %q of %q", asked.Action, asked.Screen)
}

type endpoint struct {
	key    *rsa.PrivateKey
	secret []byte
}

func (e endpoint) isSigned(body []byte, signature string) bool {
	mac := hmac.New(sha256.New, e.secret)
	mac.Write(body)
	expected := "sha256=" + hex.EncodeToString(mac.Sum(nil))
	return hmac.Equal([]byte(expected), []byte(signature))
}

// decrypt also gives the cipher and the IV, for the answer.
func (e endpoint) decrypt(body []byte) (asked request, gcm cipher.AEAD, iv []byte, err error) {
	var envelope struct {
		Data []byte `json:"encrypted_flow_data"`
		Key  []byte `json:"encrypted_aes_key"`
		IV   []byte `json:"initial_vector"`
	}
	// A []byte is Base64 in JSON.
	if err = json.Unmarshal(body, &envelope); err != nil {
		return
	}
	iv = envelope.IV
	aesKey, err := rsa.DecryptOAEP(sha256.New(), nil, e.key, envelope.Key, nil)
	if err != nil {
		return
	}
	if len(aesKey) != 16 || len(iv) != 16 {
		err = errors.New("the AES key and the IV must have 16 bytes")
		return
	}
	block, err := aes.NewCipher(aesKey)
	if err != nil {
		return
	}
	// cipher.NewGCM would take 12 bytes of IV.
	if gcm, err = cipher.NewGCMWithNonceSize(block, len(iv)); err != nil {
		return
	}
	text, err := gcm.Open(nil, iv, envelope.Data, nil)
	if err != nil {
		return
	}
	err = json.Unmarshal(text, &asked)
	return
}

func encrypt(value object, gcm cipher.AEAD, iv []byte) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	flipped := make([]byte, len(iv))
	for i, one := range iv {
		flipped[i] = one ^ 0xff
	}
	return base64.StdEncoding.EncodeToString(gcm.Seal(nil, flipped, text, nil)), nil
}

func (e endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, text := e.respond(w, r)
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(status)
	io.WriteString(w, text)
}

func (e endpoint) respond(w http.ResponseWriter, r *http.Request) (int, string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBytes))
	if err != nil {
		return http.StatusRequestEntityTooLarge, ""
	}
	if !e.isSigned(body, r.Header.Get("X-Hub-Signature-256")) {
		return 432, ""
	}
	asked, gcm, iv, err := e.decrypt(body)
	if err != nil {
		return 421, "" // The phone fetches the public key again and repeats the request.
	}
	answered, err := answer(asked)
	if err != nil {
		log.Print(err)
		return http.StatusInternalServerError, ""
	}
	sealed, err := encrypt(answered, gcm, iv)
	if err != nil {
		log.Print(err)
		return http.StatusInternalServerError, ""
	}
	return http.StatusOK, sealed
}

func readKey(file string) (*rsa.PrivateKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New(file + " holds no PEM")
	}
	if block.Type == "RSA PRIVATE KEY" {
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New(file + " is not an RSA key")
	}
	return key, nil
}

func environment(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func main() {
	key, err := readKey(environment("PRIVATE_KEY_FILE", "private.pem"))
	if err != nil {
		log.Fatal(err)
	}
	secret := environment("APP_SECRET", "")
	if secret == "" {
		log.Fatal("Set APP_SECRET: without it anyone could call the endpoint.")
	}
	listening, err := net.Listen("tcp", "127.0.0.1:"+environment("PORT", "9000"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s/\n", listening.Addr())
	server := http.Server{Handler: endpoint{key, []byte(secret)}, ReadTimeout: 10 * time.Second}
	log.Fatal(server.Serve(listening))
}
