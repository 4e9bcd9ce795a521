// AES-GCM with an IV of any length (NIST SP 800-38D): .NET's AesGcm takes 12 bytes only.
using System;
using System.Security.Cryptography;

public static class Gcm
{
    const int Block = 16;

    /// <summary>The encrypted bytes and, behind them, the tag.</summary>
    public static byte[] Encrypt(byte[] key, byte[] iv, byte[] text)
    {
        using (var aes = Cipher(key))
        {
            var hashKey = Transform(aes, new byte[Block]);
            var first = FirstCounter(hashKey, iv);
            var data = Count(aes, first, text);
            var tag = Tag(aes, hashKey, first, data);
            var sealed_ = new byte[data.Length + Block];
            Buffer.BlockCopy(data, 0, sealed_, 0, data.Length);
            Buffer.BlockCopy(tag, 0, sealed_, data.Length, Block);
            return sealed_;
        }
    }

    /// <summary>The text; throws CryptographicException when the tag is wrong.</summary>
    public static byte[] Decrypt(byte[] key, byte[] iv, byte[] sealed_)
    {
        if (sealed_.Length < Block) throw new CryptographicException("too short");
        var data = new byte[sealed_.Length - Block];
        Buffer.BlockCopy(sealed_, 0, data, 0, data.Length);
        using (var aes = Cipher(key))
        {
            var hashKey = Transform(aes, new byte[Block]);
            var first = FirstCounter(hashKey, iv);
            var tag = Tag(aes, hashKey, first, data);
            var difference = 0;
            for (var i = 0; i < Block; i++) difference |= tag[i] ^ sealed_[data.Length + i];
            if (difference != 0) throw new CryptographicException("the tag is wrong");
            return Count(aes, first, data);
        }
    }

    static ICryptoTransform Cipher(byte[] key)
    {
        using (var aes = Aes.Create())
        {
            aes.Mode = CipherMode.ECB;
            aes.Padding = PaddingMode.None;
            aes.Key = key;
            return aes.CreateEncryptor();
        }
    }

    static byte[] Transform(ICryptoTransform aes, byte[] block)
    {
        var made = new byte[Block];
        aes.TransformBlock(block, 0, Block, made, 0);
        return made;
    }

    static byte[] FirstCounter(byte[] hashKey, byte[] iv)
    {
        if (iv.Length != 12) return Hash(hashKey, iv, 0, (ulong)iv.Length * 8);
        var counter = new byte[Block];
        Buffer.BlockCopy(iv, 0, counter, 0, 12);
        counter[15] = 1;
        return counter;
    }

    static byte[] Tag(ICryptoTransform aes, byte[] hashKey, byte[] first, byte[] data)
    {
        var tag = Hash(hashKey, data, 0, (ulong)data.Length * 8);
        var mask = Transform(aes, first);
        for (var i = 0; i < Block; i++) tag[i] ^= mask[i];
        return tag;
    }

    /// <summary>Encrypts or decrypts, which is the same, with the counters behind the first.</summary>
    static byte[] Count(ICryptoTransform aes, byte[] first, byte[] data)
    {
        var counter = (byte[])first.Clone();
        var made = new byte[data.Length];
        for (var start = 0; start < data.Length; start += Block)
        {
            for (var i = Block - 1; i >= Block - 4; i--)
            {
                if (++counter[i] != 0) break;
            }
            var mask = Transform(aes, counter);
            for (var i = 0; i < Block && start + i < data.Length; i++)
            {
                made[start + i] = (byte)(data[start + i] ^ mask[i]);
            }
        }
        return made;
    }

    /// <summary>GHASH of the data, filled up to whole blocks, and of the two lengths in bits.</summary>
    static byte[] Hash(byte[] hashKey, byte[] data, ulong firstBits, ulong lastBits)
    {
        ulong keyHigh = Read(hashKey, 0), keyLow = Read(hashKey, 8), high = 0, low = 0;
        var block = new byte[Block];
        for (var start = 0; start < data.Length; start += Block)
        {
            Array.Clear(block, 0, Block);
            Buffer.BlockCopy(data, start, block, 0, Math.Min(Block, data.Length - start));
            high ^= Read(block, 0);
            low ^= Read(block, 8);
            Multiply(ref high, ref low, keyHigh, keyLow);
        }
        high ^= firstBits;
        low ^= lastBits;
        Multiply(ref high, ref low, keyHigh, keyLow);
        var made = new byte[Block];
        for (var i = 0; i < 8; i++)
        {
            made[i] = (byte)(high >> (56 - 8 * i));
            made[8 + i] = (byte)(low >> (56 - 8 * i));
        }
        return made;
    }

    /// <summary>Multiplies in GF(2^128), the same steps whatever the bits are.</summary>
    static void Multiply(ref ulong high, ref ulong low, ulong keyHigh, ulong keyLow)
    {
        ulong madeHigh = 0, madeLow = 0, x = keyHigh, y = keyLow;
        for (var i = 0; i < 128; i++)
        {
            var bit = i < 64 ? (high >> (63 - i)) & 1 : (low >> (127 - i)) & 1;
            var take = 0UL - bit;
            madeHigh ^= x & take;
            madeLow ^= y & take;
            var carry = 0UL - (y & 1);
            y = (y >> 1) | (x << 63);
            x = (x >> 1) ^ (0xE100000000000000UL & carry);
        }
        high = madeHigh;
        low = madeLow;
    }

    static ulong Read(byte[] bytes, int start)
    {
        ulong value = 0;
        for (var i = 0; i < 8; i++) value = (value << 8) | bytes[start + i];
        return value;
    }
}
