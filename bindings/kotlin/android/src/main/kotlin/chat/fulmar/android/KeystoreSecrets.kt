package chat.fulmar.android

import android.content.Context
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.util.AtomicFile
import chat.fulmar.SecretStorage
import java.io.File
import java.security.KeyStore
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/**
 * Secrets in files that are sealed with a key of the Android Keystore, which never leaves the device's
 * secure hardware. The files are no part of backups: on another device they could not be opened.
 *
 * When the Keystore has lost the key (a restored backup, a reset of the device's credentials), a secret
 * counts as never saved: the session ends with [chat.fulmar.SessionEnd.SecretsLost], and what is unsent
 * is kept.
 */
public class KeystoreSecrets internal constructor(private val folder: File, private val key: () -> SecretKey) :
    SecretStorage {

    public constructor(context: Context) : this(File(context.noBackupFilesDir, "fulmar"), ::keystoreKey)

    override fun load(name: String): ByteArray? {
        val file = file(name)
        if (!file.baseFile.exists()) return null
        val sealed = file.readFully()
        return try {
            val nonce = GCMParameterSpec(TAG_BITS, sealed, 0, NONCE_BYTES)
            cipher(name, Cipher.DECRYPT_MODE, nonce).doFinal(sealed, NONCE_BYTES, sealed.size - NONCE_BYTES)
        } catch (_: AEADBadTagException) {
            null
        } catch (_: KeyPermanentlyInvalidatedException) {
            null
        } catch (_: IllegalArgumentException) {
            // Shorter than a nonce: no file of ours.
            null
        }
    }

    override fun save(name: String, secret: ByteArray) {
        val cipher = cipher(name, Cipher.ENCRYPT_MODE, null)
        val sealed = cipher.iv + cipher.doFinal(secret)
        check(folder.isDirectory || folder.mkdirs()) { "no folder $folder" }
        val file = file(name)
        val output = file.startWrite()
        try {
            output.write(sealed)
            file.finishWrite(output)
        } catch (thrown: Throwable) {
            file.failWrite(output)
            throw thrown
        }
    }

    private fun cipher(name: String, mode: Int, nonce: GCMParameterSpec?): Cipher =
        Cipher.getInstance("AES/GCM/NoPadding").apply {
            if (nonce == null) init(mode, key()) else init(mode, key(), nonce)
            // A file that was renamed is not opened under another name.
            updateAAD(name.encodeToByteArray())
        }

    private fun file(name: String) = AtomicFile(File(folder, name))

    private companion object {
        const val NONCE_BYTES = 12
        const val TAG_BITS = 128
        const val ALIAS = "chat.fulmar.secrets"

        fun keystoreKey(): SecretKey {
            val store = KeyStore.getInstance("AndroidKeyStore").apply { load(null) }
            (store.getKey(ALIAS, null) as? SecretKey)?.let { return it }
            val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
            val spec = KeyGenParameterSpec.Builder(ALIAS, purposes)
                .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
                .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
                .setKeySize(256)
                .build()
            return KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, "AndroidKeyStore")
                .apply { init(spec) }
                .generateKey()
        }
    }
}
